/** What the author of an adaptor tells the kit: where to connect, and what it cannot do by itself. */
import type { ListenOptions } from '@pstar/core';
import type {
  Adaptor,
  CommandRunner,
  PilotAttribute,
  PilotJobDescription,
  SecurityContext,
} from '@pstar/core/adaptor';

/** An adaptor, its resource manager, and the hands that the kit lends itself. */
export interface ConformanceOptions {
  readonly adaptor: Adaptor;
  /** Its URL; a function where it is known after {@link setup} only. */
  readonly rm: string | (() => string);
  /** Makes the resource manager ready, once, before the first requirement. */
  setup?(): unknown;
  /** Takes back what {@link setup} has made. */
  teardown?(): unknown;
  /** What every launch asks for: as little as the resource manager takes. Default: nothing. */
  readonly description?: PilotJobDescription;
  /**
   * For an attribute that the adaptor lists a description that has it and is accepted; needed where
   * the kit's own, in `attribute-examples.ts`, is not: for a queue, say.
   */
  readonly examples?: Readonly<Partial<Record<PilotAttribute, PilotJobDescription>>>;
  /** What is accepted and then stays in the queue: a start in an hour, say. */
  readonly pending?: PilotJobDescription;
  readonly refused?: RefusedLaunch;
  readonly security?: SecurityContext;
  /** Where agents reach this machine. Default: on loopback. */
  readonly listen?: ListenOptions;
  /** Where commands run. Default: here. */
  readonly runner?: CommandRunner;
  readonly outside?: OutsideHooks;
  /** How many native jobs `scale` submits, where 1,000 are too many. */
  readonly load?: { readonly count: number; readonly because: string };
  readonly program?: ProgramOptions;
  /** How long the kit waits for a state; 20 s by default. */
  readonly patienceMs?: number;
  /**
   * Requirements that are not met, by name, with the reason. They are tried all the same: one that
   * is met after all fails, until it is taken out of here.
   */
  readonly cannot?: Readonly<Record<string, string>>;
}

/** What the resource manager itself refuses. */
export interface RefusedLaunch {
  readonly description?: PilotJobDescription;
  /** The resource manager's sentence, or a part of it. */
  readonly says: RegExp;
}

/** How another program finds the adaptor, which is killed while its pilots run. */
export interface ProgramOptions {
  /** The URL of a module that exports the adaptor. Default: the package that its scheme names. */
  readonly module?: string;
  /** Node's options. Default: those that the kit itself needs. */
  readonly execArgv?: readonly string[];
}

/**
 * What happens behind the adaptor's back. Each gets a native id and settles once it is done; the
 * kit waits for what the adaptor says of it.
 */
export interface OutsideHooks {
  /** Ends it as its owner does with the resource manager's own command. */
  cancel?(nativeId: string): Promise<unknown>;
  /** Ends it as a broken node does. */
  lose?(nativeId: string): Promise<unknown>;
  /** Has the resource manager forget one that is over. */
  forget?(nativeId: string): Promise<unknown>;
  /** Stops one that runs. */
  suspend?(nativeId: string): Promise<unknown>;
  /** Lets one that is stopped go on. */
  resume?(nativeId: string): Promise<unknown>;
  /** Keeps one that is pending from starting. */
  hold?(nativeId: string): Promise<unknown>;
  /** Puts one that runs back into the queue. */
  requeue?(nativeId: string): Promise<unknown>;
  /** What the resource manager's own list shows of one, as text. */
  show?(nativeId: string): Promise<string>;
  /** Ends the resource manager itself, not what runs. */
  down?(): Promise<unknown>;
  /** Brings it back. */
  up?(): Promise<unknown>;
}
