import { afterEach, describe, expect, it, vi } from 'vitest';
import { lineLog, silentLog, stderrLog } from '../../src/runtime/log.ts';

function recording(level: 'trace' | 'warn' | 'silent') {
  const lines: string[] = [];
  return { lines, log: lineLog(level, (line) => lines.push(line.replace(/^\S+ /, ''))) };
}

describe('a log', () => {
  it('writes one readable line an entry, bindings after the sentence', () => {
    const { lines, log } = recording('trace');
    log.info('listening');
    log.child({ pilot: 'pilot-1' }).error({ port: 7, note: 'two words', at: { a: 1 } }, 'lost');
    expect(lines).toEqual([
      'INFO listening\n',
      'ERROR lost pilot=pilot-1 port=7 note="two words" at={"a":1}\n',
    ]);
  });

  it('says what an error says', () => {
    const { lines, log } = recording('trace');
    log.warn(new Error('no route'));
    log.warn({ error: new Error('no route') }, 'cannot dial');
    expect(lines).toEqual(['WARN no route\n', 'WARN cannot dial error=no route\n']);
  });

  it('leaves out what is below its level', () => {
    const { lines, log } = recording('warn');
    log.info('not this');
    log.warn('but this');
    expect(lines).toEqual(['WARN but this\n']);
    expect(recording('silent').log.error).toBe(silentLog.error);
  });
});

describe('stderrLog', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });

  it.each([
    ['info', ['INFO', 'WARN']],
    ['ERROR', []],
    ['nonsense', ['WARN']],
  ])('with PSTAR_LOG=%s writes %j', (level, expected) => {
    vi.stubEnv('PSTAR_LOG', level);
    const levels: string[] = [];
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      levels.push(String(text).split(' ')[1] ?? '');
      return true;
    });
    const log = stderrLog();
    log.info('a');
    log.warn('b');
    expect(levels).toEqual(expected);
  });

  it('lets nothing end because a line cannot be written', () => {
    stderrLog();
    stderrLog();
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    expect(() => process.stderr.emit('error', full)).not.toThrow();
    expect(process.stderr.listenerCount('error')).toBe(1);
  });
});
