import { describe, expect, it } from 'vitest';
import { storeError } from '../../src/runtime/store-error.ts';

describe('storeError', () => {
  it.each([
    ['ENOSPC', 'STORE_FULL', true],
    ['EDQUOT', 'STORE_FULL', true],
    ['EROFS', 'STORE_UNWRITABLE', false],
  ])('says of %s that it is %s', (code, expected, transient) => {
    const cause = Object.assign(new Error(`${code}: the reason`), { code });
    const error = storeError(cause, '/store/key', 'the file cannot be written');
    expect(error).toMatchObject({ code: expected, transient, cause, subject: '/store/key' });
    expect(error.message).toContain(`the file cannot be written: ${cause.message}`);
  });
});
