/**
 * Attributes that SAGA has and that cannot be done: each is refused by its name and with a way out,
 * because an attribute that is silently ignored is the worst answer.
 */
import { DescriptionError } from './errors.ts';
import { written } from './written.ts';

/** An attribute that cannot be done, or not with every value. */
export interface Refusal<T> {
  readonly attribute: keyof T & string;
  /** Whether this description asks for the impossible; by default, any value but `false` does. */
  readonly when?: (description: T) => boolean;
  /** Why it cannot be done. */
  readonly problem: string;
  readonly hint: string;
}

/**
 * Refuses what cannot be done anywhere.
 *
 * @throws DescriptionError `ATTRIBUTE_UNSUPPORTED`
 */
export function refuseUnsupported<T extends object>(
  description: T,
  refusals: readonly Refusal<T>[],
): void {
  for (const { attribute, when, problem, hint } of refusals) {
    const value = description[attribute];
    if (value === undefined || value === false || (when && !when(description))) continue;
    throw new DescriptionError('ATTRIBUTE_UNSUPPORTED', `${written(value)}: ${problem}`, {
      subject: attribute,
      hint,
    });
  }
}

/** Lists of which any one will do. */
const CHOICES = ['candidateHosts', 'cpuArchitecture', 'operatingSystemType'] as const;

/**
 * Refuses lists of which any one will do, and that hold none: nothing would ever do.
 *
 * @throws DescriptionError `DESCRIPTION_INVALID`
 */
export function refuseNoChoice(
  description: Readonly<Partial<Record<(typeof CHOICES)[number], readonly string[]>>>,
): void {
  const empty = CHOICES.find((attribute) => description[attribute]?.length === 0);
  if (empty === undefined) return;
  throw new DescriptionError('DESCRIPTION_INVALID', '[] leaves nothing to choose from', {
    subject: empty,
    hint: 'name one at least, or leave it out if any will do',
  });
}

/**
 * Refuses what one party cannot do: every attribute that is there and not in its list.
 *
 * @param who names that party in the message: `local://`.
 * @throws DescriptionError `ATTRIBUTE_UNSUPPORTED`
 */
export function refuseAttributes(
  description: object,
  supported: readonly string[],
  who: string,
): void {
  for (const [attribute, value] of Object.entries(description)) {
    if (value === undefined || value === false || supported.includes(attribute)) continue;
    throw new DescriptionError('ATTRIBUTE_UNSUPPORTED', `${who} cannot do this`, {
      subject: attribute,
      hint: 'leave it out',
    });
  }
}
