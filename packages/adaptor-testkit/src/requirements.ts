/** All that an adaptor promises, by theme. */
import type { Requirement } from './requirement.ts';
import { attributes } from './requirements/attributes.ts';
import { canceling } from './requirements/cancel.ts';
import { closing } from './requirements/close.ts';
import { connecting } from './requirements/connect.ts';
import { down } from './requirements/down.ts';
import { faults } from './requirements/faults.ts';
import { files } from './requirements/files.ts';
import { finding } from './requirements/find.ts';
import { outside } from './requirements/outside.ts';
import { scale } from './requirements/scale.ts';
import { secrets } from './requirements/secrets.ts';
import { states } from './requirements/states.ts';
import { submitting } from './requirements/submit.ts';
import { work } from './requirements/work.ts';

/** Every requirement, in the order in which they are tried. */
export const REQUIREMENTS: readonly Requirement[] = [
  ...connecting,
  ...attributes,
  ...submitting,
  ...secrets,
  ...states,
  ...finding,
  ...canceling,
  ...outside,
  ...faults,
  ...files,
  ...down,
  ...scale,
  ...closing,
  ...work,
];
