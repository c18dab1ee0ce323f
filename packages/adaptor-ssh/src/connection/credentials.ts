/**
 * What a user knows: passwords and passphrases, given beforehand or asked for. They are kept in memory
 * for as long as the connection may have to be made again, and go nowhere but into the protocol.
 */
import type { SecurityContext, SecurityQuestion } from '@pstar/core/adaptor';

/** Passwords and passphrases of one user for one connection. */
export class Credentials {
  readonly #security: SecurityContext;
  readonly #who: { readonly host: string; readonly user: string };
  readonly #around: (asking: Promise<string>) => Promise<string>;
  readonly #answers = new Map<string, string>();

  /** `around` gets each question that is under way, so that no time-out runs meanwhile. */
  constructor(
    security: SecurityContext,
    who: { host: string; user: string },
    around: (asking: Promise<string>) => Promise<string>,
  ) {
    this.#security = security;
    this.#who = who;
    this.#around = around;
  }

  /** Whether there is any way to an answer. */
  get any(): boolean {
    return this.#security.userPass !== undefined || this.canAsk;
  }

  get canAsk(): boolean {
    return this.#security.prompt !== undefined;
  }

  /**
   * What to say to a question the first time, the second and so on: what was given beforehand or has
   * been answered, then what the user says; undefined when there is nothing left to say.
   */
  async answer(
    kind: SecurityQuestion['kind'],
    text: string,
    attempt: number,
  ): Promise<string | undefined> {
    const known = this.#answers.get(text) ?? this.#security.userPass;
    if (known === undefined) return await this.ask({ kind, text, echo: false });
    return attempt === 0 ? known : await this.ask({ kind, text, echo: false });
  }

  /** Asks the user, if there is one. */
  async ask(
    question: Pick<SecurityQuestion, 'kind' | 'text' | 'echo'>,
  ): Promise<string | undefined> {
    const { prompt } = this.#security;
    if (prompt === undefined) return undefined;
    const asking = Promise.resolve(prompt({ ...question, ...this.#who }));
    const answer = await this.#around(asking);
    // What a machine asks for in its own words may be good for one time only.
    if (question.kind !== 'keyboard-interactive') this.#answers.set(question.text, answer);
    return answer;
  }

  /** What was given beforehand. */
  get password(): string | undefined {
    return this.#security.userPass;
  }
}
