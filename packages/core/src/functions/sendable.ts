/** What can be sent to another node, at compile time: what a structured clone carries there and back. */

/** Stands in a type for what cannot be sent, so that the compiler's message says where it is and what. */
export interface CannotBeSent<What extends string> {
  readonly 'cannot be sent': What;
}

/**
 * `T` itself when all of it can be sent, or else with {@link CannotBeSent} in the places of what cannot:
 * `T extends Sendable<T>` is the question. What is `unknown` or `any` is taken at its word, and refused
 * when it is sent. An instance of a class is as good as its methods: with any, it is refused.
 */
export type Sendable<T> = unknown extends T
  ? T
  : // biome-ignore lint/suspicious/noConfusingVoidType: what a function returns that returns nothing
    T extends string | number | bigint | boolean | null | undefined | void
    ? T
    : T extends Date | RegExp | Error | ArrayBuffer | ArrayBufferView
      ? T
      : // biome-ignore lint/suspicious/noExplicitAny: whatever they take, they stay
        T extends ((...args: any) => unknown) | (abstract new (...args: any) => unknown)
        ? CannotBeSent<'a function'>
        : T extends symbol
          ? CannotBeSent<'a symbol'>
          : T extends PromiseLike<unknown>
            ? CannotBeSent<'a promise'>
            : T extends SharedArrayBuffer
              ? CannotBeSent<'shared memory'>
              : T extends Map<infer Key, infer Value>
                ? Map<Sendable<Key>, Sendable<Value>>
                : T extends ReadonlyMap<infer Key, infer Value>
                  ? ReadonlyMap<Sendable<Key>, Sendable<Value>>
                  : T extends Set<infer Member>
                    ? Set<Sendable<Member>>
                    : T extends ReadonlySet<infer Member>
                      ? ReadonlySet<Sendable<Member>>
                      : { [Key in keyof T]: Sendable<T[Key]> };
