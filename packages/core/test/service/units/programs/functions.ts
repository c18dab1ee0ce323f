/** Functions that tests submit. */
export const double = (input: number): number => 2 * input;
