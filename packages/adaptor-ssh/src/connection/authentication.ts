/**
 * Proves who the user is, in ssh's order: what the server takes, by preference; keys first, then
 * questions. It remembers by name what was tried, and never what was said.
 */
import { existsSync } from 'node:fs';
import { AdaptorError } from '@pstar/core/adaptor';
import ssh2, {
  type AnyAuthMethod,
  type KeyboardInteractiveAuthMethod,
  type NextAuthHandler,
  type ParsedKey,
} from 'ssh2';
import type { Credentials } from './credentials.ts';
import { type AuthenticationMethod, type Endpoint, placeOf } from './endpoint.ts';
import { findIdentities, type Identity } from './identities.ts';

type Left = readonly string[];

/** One attempt to log in. */
export class Authentication {
  readonly #endpoint: Endpoint;
  readonly #credentials: Credentials;
  readonly #tried: string[] = [];
  readonly #unusable: string[] = [];
  #taken: Left = [];
  #attempts: AsyncGenerator<AnyAuthMethod, void, Left> | undefined;
  #identities: readonly Identity[] | undefined;
  #questions = 0;
  #passwords = 0;
  #failure: unknown;

  constructor(endpoint: Endpoint, credentials: Credentials) {
    this.#endpoint = endpoint;
    this.#credentials = credentials;
  }

  /** For ssh2: gives the next method each time that one was not enough. */
  readonly handler = (left: Left | null, _partial: boolean | null, next: NextAuthHandler): void => {
    this.#attempts ??= this.#methods();
    if (left !== null) this.#taken = left;
    this.#attempts.next(left ?? []).then(
      ({ value, done }) => next(done ? (false as never) : (value as AnyAuthMethod)),
      (error) => {
        this.#failure = error;
        next(false as never);
      },
    );
  };

  /** The error that says what was tried. */
  refusal(): AdaptorError {
    const { user } = this.#endpoint;
    const tried = this.#tried.length > 0 ? `tried ${this.#tried.join(', ')}` : this.#nothing();
    const taken = this.#taken.length > 0 ? `; the server takes ${this.#taken.join(', ')}` : '';
    return new AdaptorError(
      'AUTHENTICATION_FAILED',
      `the server does not let ${user} in: ${tried}${taken}`,
      { subject: placeOf(this.#endpoint), hint: this.#hint(), cause: this.#failure },
    );
  }

  #nothing(): string {
    const missing = this.#endpoint.identityFiles.filter((path) => !existsSync(path));
    return missing.length > 0
      ? `nothing to try, as there is no ${missing.join(' and no ')}`
      : 'nothing to try';
  }

  #hint(): string {
    if (this.#unusable.length > 0) return this.#unusable.join('; ');
    if (this.#tried.length > 4) return 'set IdentitiesOnly, with the IdentityFile that is right';
    if (this.#credentials.any) return 'check the user, the key or the password';
    return 'name a key by IdentityFile or ?identity=FILE, start ssh-agent, or give userPass or prompt';
  }

  async *#methods(): AsyncGenerator<AnyAuthMethod, void, Left> {
    const { user: username, methods } = this.#endpoint;
    // A server says what it takes when it refuses; some let users in without anything.
    let left: Left = yield { type: 'none', username };
    const exhausted = new Set<AuthenticationMethod>();
    for (;;) {
      const method = methods.find((one) => left.includes(one) && !exhausted.has(one));
      if (method === undefined) return;
      if (method === 'publickey') {
        const identity = await this.#nextIdentity();
        if (identity === undefined) exhausted.add(method);
        else {
          const agent = new OneKeyAgent(identity, this.#unusable);
          const before: Left = left;
          yield { type: 'agent', username, agent } as AnyAuthMethod;
          // Of this method ssh2 1.17 does not say what is left: a key that was taken may not have
          // been enough, so it is asked for again.
          left = agent.hasSigned ? yield { type: 'none', username } : before;
        }
      } else {
        const attempt = method === 'password' ? await this.#password() : this.#interactive();
        if (attempt === undefined) exhausted.add(method);
        else left = yield attempt;
      }
    }
  }

  async #nextIdentity(): Promise<Identity | undefined> {
    if (this.#identities === undefined) {
      const { usable, unusable } = await findIdentities(this.#endpoint, this.#credentials);
      this.#identities = usable;
      this.#unusable.push(...unusable);
    }
    const [first, ...rest] = this.#identities;
    this.#identities = rest;
    if (first !== undefined) this.#tried.push(first.label);
    return first;
  }

  async #password(): Promise<AnyAuthMethod | undefined> {
    const { user: username, host, passwordPrompts } = this.#endpoint;
    if (this.#passwords >= passwordPrompts) return undefined;
    const text = `Password of ${username}@${host}: `;
    const password = await this.#credentials.answer('password', text, this.#passwords);
    this.#passwords += 1;
    if (password === undefined) return undefined;
    this.#tried.push('a password');
    return { type: 'password', username, password };
  }

  #interactive(): KeyboardInteractiveAuthMethod | undefined {
    const { user: username, passwordPrompts } = this.#endpoint;
    const attempt = this.#questions;
    const canAnswer = attempt === 0 ? this.#credentials.any : this.#credentials.canAsk;
    if (!canAnswer || attempt >= passwordPrompts) return undefined;
    this.#questions += 1;
    this.#tried.push('keyboard-interactive');
    return {
      type: 'keyboard-interactive',
      username,
      prompt: (_name, instructions, _language, prompts, finish) => {
        this.#answers(instructions, prompts, attempt).then(finish, (error) => {
          this.#failure = error;
          finish([]);
        });
      },
    };
  }

  async #answers(
    instructions: string,
    prompts: readonly { prompt: string; echo?: boolean }[],
    attempt: number,
  ): Promise<string[]> {
    const answers: string[] = [];
    for (const [index, { prompt, echo = false }] of prompts.entries()) {
      const { password } = this.#credentials;
      // The first that is not to be seen is the password; what follows it is another factor.
      const isPassword = password !== undefined && attempt === 0 && index === 0 && !echo;
      const text = `${instructions === '' ? '' : `${instructions}\n`}${prompt}`;
      const kind = 'keyboard-interactive';
      const answer = isPassword ? password : await this.#credentials.ask({ kind, text, echo });
      if (answer === undefined) this.#unusable.push(`give a prompt: the server asks '${prompt}'`);
      answers.push(answer ?? '');
    }
    return answers;
  }
}

/** Offers one key, and signs with it when the server would take it. */
class OneKeyAgent extends ssh2.BaseAgent<ParsedKey> {
  readonly #identity: Identity;
  readonly #unusable: string[];
  hasSigned = false;

  constructor(identity: Identity, unusable: string[]) {
    super();
    this.#identity = identity;
    this.#unusable = unusable;
  }

  override getIdentities(callback: (error: undefined, keys: ParsedKey[]) => void): void {
    callback(undefined, [this.#identity.publicKey]);
  }

  override sign(_key: ParsedKey, data: Buffer, ...rest: readonly unknown[]): void {
    const callback = rest.at(-1) as (error?: Error, signature?: Buffer) => void;
    const { hash } = (rest.length > 1 ? rest[0] : {}) as { hash?: string };
    this.hasSigned = true;
    this.#identity.sign(data, hash).then(
      (signature) => callback(undefined, signature),
      (error: Error) => {
        this.#unusable.push(`${this.#identity.label}: ${error.message}`);
        callback(error);
      },
    );
  }
}
