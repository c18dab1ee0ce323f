/** What the checkers have found. Nothing throws: who is checked might catch it. */

export class Problems {
  readonly #found: string[] = [];

  add(rule: string, what: string): void {
    this.#found.push(`${rule}: ${what}`);
  }

  /** @throws Error with the first problem. */
  assertNone(): void {
    if (this.#found.length > 0) throw new Error(this.#found.slice(0, 5).join('\n'));
  }
}
