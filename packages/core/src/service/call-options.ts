/** What calls have in common that take options. */
import { DescriptionError } from '../model/errors.ts';
import { nearest } from '../model/nearest.ts';
import { written } from '../model/written.ts';

/** The last parameter of every call that can take long. */
export interface CallOptions {
  /** Gives the call up with `ABORTED`; what it has begun is undone, or said to go on. */
  readonly signal?: AbortSignal | undefined;
}

/** @throws DescriptionError `DESCRIPTION_INVALID` for what are no options, or one that does not exist. */
export function refuseUnknown<T extends object>(
  options: T,
  known: readonly (keyof T & string)[],
): void {
  if (typeof options !== 'object' || options === null) {
    throw new DescriptionError('DESCRIPTION_INVALID', `${written(options)} is no object`, {
      subject: 'options',
    });
  }
  const name = Object.keys(options).find((each) => !(known as readonly string[]).includes(each));
  if (name === undefined) return;
  const meant = nearest(name, known);
  throw new DescriptionError('DESCRIPTION_INVALID', 'is no option', {
    subject: name,
    hint: meant && `did you mean ${meant}?`,
  });
}
