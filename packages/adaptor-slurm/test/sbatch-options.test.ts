import { describe, expect, it } from 'vitest';
import {
  mergeOptions,
  OWNED_OPTIONS,
  readNativeOptions,
  readSiteOptions,
  sbatchLine,
} from '../src/sbatch-options.ts';

describe('nativeOptions', () => {
  it.each([
    [
      { constraint: 'haswell', exclusive: true, nice: 5 },
      '--constraint=haswell --exclusive --nice=5',
    ],
    [{ C: 'haswell', '--qos': 'high', hold: false }, '--constraint=haswell --qos=high'],
    [['--constraint=haswell', '--exclusive'], '--constraint=haswell --exclusive'],
    [['-C', 'a&b', '--qos', 'high'], '--constraint=a&b --qos=high'],
    [['-C haswell', '-qhigh', '-H'], '--constraint=haswell --qos=high --hold'],
    [['--comment=two words', '--gres=gpu:a100:2'], '--comment=two words --gres=gpu:a100:2'],
    [['--dependency=afterok:1', '--mem-per-cpu=2G'], '--dependency=afterok:1 --mem-per-cpu=2G'],
  ])('%j are %s', (native, options) => {
    const read = readNativeOptions(native).map(([name, value]) =>
      value === true ? `--${name}` : `--${name}=${value}`,
    );
    expect(read.join(' ')).toBe(options);
  });

  it.each(Object.entries(OWNED_OPTIONS))('leave --%s to %s', (name, attribute) => {
    for (const native of [{ [name]: 'x' }, [`--${name}=x`], [`--${name}`, 'x']]) {
      expect(() => readNativeOptions(native)).toThrow(
        `--${name} has an attribute of its own (nativeOptions); write ${attribute}`,
      );
    }
  });

  it.each([
    ['-p', 'queue'],
    ['-N2', 'numberOfProcesses'],
    ['-t 5', 'wallTimeLimit'],
    ['--part=x', 'queue'],
  ])('see through %s', (word, attribute) => {
    expect(() => readNativeOptions([word])).toThrow(`write ${attribute}`);
  });

  it.each(['array', 'wrap', 'wait', 'parsable', 'test-only', 'open-mode', 'signal', 'input'])(
    'do not touch --%s',
    (name) => {
      expect(() => readNativeOptions({ [name]: 'x' })).toThrow('is what the adaptor decides');
    },
  );

  it.each([
    [['haswell'], "'haswell' belongs to no option"],
    [['--x=1', 'y'], "'y' belongs to no option"],
    [['-Z1'], "'-Z1' is no option of sbatch"],
    [['-Hx'], "'-Hx' is no option of sbatch"],
    [{ 'two words': 1 }, "'two words' is no option of sbatch"],
  ])('%j say nothing', (native, problem) => {
    expect(() => readNativeOptions(native)).toThrow(problem);
  });
});

describe("a site's options", () => {
  it.each([
    ['', []],
    ['  --constraint=haswell   -p short ', ['constraint=haswell', 'partition=short']],
    [
      `--comment='two words' --x="a \\"b\\" $c" -C a\\ b`,
      ['comment=two words', 'x=a "b" $c', 'constraint=a b'],
    ],
    ['--export=NONE', ['export=NONE']],
  ])('%s', (text, options) => {
    expect(readSiteOptions(text, 'V').map(([name, value]) => `${name}=${value}`)).toEqual(options);
  });

  it.each([
    ["--comment='open", 'a quote is not closed (V)'],
    [
      '--output=/tmp/x',
      '--output is no option that a site can give to all pilots (V); take it out',
    ],
    ['--job-name=x', '--job-name is no option'],
    ['--array=1-3', '--array is no option'],
  ])('%s is refused', (text, problem) => {
    expect(() => readSiteOptions(text, 'V')).toThrow(problem);
  });
});

describe('mergeOptions', () => {
  it('has each once, the last one', () => {
    const merged = mergeOptions(
      [
        ['time', '5'],
        ['qos', 'low'],
      ],
      [['time', '9']],
      [['hold', true]],
    );
    expect(merged).toEqual([
      ['time', '9'],
      ['qos', 'low'],
      ['hold', true],
    ]);
  });
});

describe('the line of an option', () => {
  it.each([
    [['hold', true], '#SBATCH --hold'],
    [['partition', 'short'], '#SBATCH --partition=short'],
    [['constraint', 'a&b|c'], '#SBATCH --constraint=a&b|c'],
    [['comment', 'a "q" \\ #1'], '#SBATCH --comment="a \\"q\\" \\\\ #1"'],
    [['comment', "it's $HOME"], '#SBATCH --comment="it\'s $HOME"'],
  ] as const)('%j', (option, line) => {
    expect(sbatchLine(option)).toBe(line);
  });

  it('is one line, of the attribute that it comes from', () => {
    expect(() => sbatchLine(['partition', 'a\nb'])).toThrow('not "a\\nb" (queue)');
    expect(() => sbatchLine(['comment', 'a\n#SBATCH --uid=0'])).toThrow('one line of text');
  });
});
