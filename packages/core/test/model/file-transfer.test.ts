import { describe, expect, it } from 'vitest';
import { DescriptionError } from '../../src/model/errors.ts';
import {
  type FileTransferInput,
  localName,
  readFileTransfer,
  remoteName,
} from '../../src/model/file-transfer.ts';
import { parseWorkUnitDescription } from '../../src/model/work-unit-description.ts';

function refusalOf(...value: unknown[]): DescriptionError {
  try {
    readFileTransfer(value as FileTransferInput[]);
  } catch (error) {
    if (error instanceof DescriptionError) return error;
    throw error;
  }
  throw new Error(`${JSON.stringify(value)} was not refused`);
}

describe('file transfers', () => {
  it.each<[FileTransferInput, object]>([
    ['a > b', { source: 'a', target: 'b', direction: 'in' }],
    ['a>b', { source: 'a', target: 'b', direction: 'in' }],
    ['  a\t>>  b ', { source: 'a', target: 'b', direction: 'in', append: true }],
    ['a < b', { source: 'b', target: 'a', direction: 'out' }],
    ['a<<b', { source: 'b', target: 'a', direction: 'out', append: true }],
    ['"my file" > \'its name\'', { source: 'my file', target: 'its name', direction: 'in' }],
    ['"a > b" < \'c"d\'', { source: 'c"d', target: 'a > b', direction: 'out' }],
    ["it's > x", { source: "it's", target: 'x', direction: 'in' }],
    ['../a > ../../b/', { source: '../a', target: '../../b/', direction: 'in' }],
    ['/a > /tmp/b', { source: '/a', target: '/tmp/b', direction: 'in' }],
    [
      { source: 'a', target: 'b' },
      { source: 'a', target: 'b', direction: 'in' },
    ],
    [
      { source: 'a b', target: 'c', direction: 'out', append: true, optional: true },
      { source: 'a b', target: 'c', direction: 'out', append: true, optional: true },
    ],
    [
      { source: 'a', target: 'b', append: false, optional: undefined },
      { source: 'a', target: 'b', direction: 'in' },
    ],
  ])('%o', (written, parsed) => {
    const [transfer] = readFileTransfer([written]);
    expect(transfer).toStrictEqual(parsed);
    expect(readFileTransfer([transfer as FileTransferInput])).toStrictEqual([parsed]);
  });

  it('know what is here and what is there', () => {
    const [brought, fetched] = readFileTransfer(['a > b', 'c < d'], (name) => `/here/${name}`);
    expect([brought, fetched].map((each) => each && [localName(each), remoteName(each)])).toEqual([
      ['/here/a', 'b'],
      ['/here/c', 'd'],
    ]);
  });

  it.each([
    ['a', "'a' is no file transfer; write 'local > remote'"],
    ['', 'is no file transfer'],
    ['a >', 'is no file transfer'],
    ['> b', 'is no file transfer'],
    ['a > b > c', 'is no file transfer'],
    ['a >>> b', 'is no file transfer'],
    ['a <> b', 'is no file transfer'],
    ['my file > b', 'names with spaces in quotes'],
    ['"" > b', 'is no file transfer'],
    ['"a > b', 'is no file transfer'],
    ['a\0 > b', 'take the NUL byte out'],
    ['http://x/y > b', 'write paths'],
    [7, '7 is no file transfer'],
    [null, 'is no file transfer'],
    [{ source: 'a' }, 'is no file transfer'],
    [{ source: '', target: 'b' }, 'is no file transfer'],
    [{ source: 'a', target: 'b', direction: 'both' }, "write direction: 'in' or 'out'"],
    [{ source: 'a', target: 'b', append: 1 }, 'write append: true or false'],
    [{ source: 'a', target: 'b', mode: 1 }, "leave out 'mode'"],
  ])('%o is refused', (written, message) => {
    const error = refusalOf(written);
    expect(error.code).toBe('DESCRIPTION_INVALID');
    expect(error.message).toContain(message);
  });

  it.each([
    [['a > x', 'b > x']],
    [['a > x', 'b > ./x']],
    [['a >> x', 'b > x']],
    [['d/a > x/', 'e/a > x/']],
    [['here < a', 'here < b']],
  ])('%o: the second would replace the first', (written) => {
    const { message } = refusalOf(...written);
    expect(message).toContain('is the target of two');
    const operator = `${written[0]}`.includes('<') ? '<<' : '>>';
    expect(message).toContain(`append: 'local ${operator} remote'`);
  });

  it.each([[['a > x', 'b >> x']], [['a > x', 'a < x']], [['a > x/', 'b > x/', 'a > y']]])(
    '%o can be done',
    (written) => {
      expect(readFileTransfer(written)).toHaveLength(written.length);
    },
  );

  it('are refused in the name of their attribute', () => {
    const wrong = { executable: 'x', fileTransfer: ['a'] };
    expect(() => parseWorkUnitDescription(wrong)).toThrow(/^fileTransfer: 'a' is no file transfer/);
    const list = { executable: 'x', fileTransfer: 'a > b' };
    expect(() => parseWorkUnitDescription(list)).toThrow(/write \['local > remote'\]/);
  });
});
