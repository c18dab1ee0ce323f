import { describe, expect, it } from 'vitest';
import { localCommandRunner } from '../../src/adaptor/command-runner.ts';

describe('localCommandRunner', () => {
  const runner = localCommandRunner();

  it('gives back what a command has written and how it ended', async () => {
    const script = 'cat; echo "$GREETING" >&2; exit 3';
    const options = { input: 'in', environment: { GREETING: 'hello' } };
    expect(await runner.run(['sh', '-c', script], options)).toEqual({
      exitCode: 3,
      stdout: 'in',
      stderr: 'hello\n',
    });
  });

  it('names the signal that ended a command', async () => {
    const result = await runner.run(['sh', '-c', 'kill -9 $$']);
    expect(result).toMatchObject({ exitCode: -1, signal: 'SIGKILL' });
  });

  it('hands arguments over as they are', async () => {
    const { stdout } = await runner.run(['printf', '%s', '$HOME; `id`']);
    expect(stdout).toBe('$HOME; `id`');
  });

  it('says which program is not there, and where', async () => {
    await expect(runner.run(['squeue-of-nobody'])).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: `squeue-of-nobody: command not found (${runner.host})`,
    });
    await expect(runner.run(['/etc/passwd'])).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  });

  it('bears a program that does not read its input', async () => {
    const { exitCode } = await runner.run(['true'], { input: 'x'.repeat(1_000_000) });
    expect(exitCode).toBe(0);
  });

  it('kills a command that takes too long', async () => {
    const late = runner.run(['sleep', '1000'], { timeoutMs: 1 });
    await expect(late).rejects.toMatchObject({ code: 'TIMEOUT', transient: true });
  });

  it('gives up when it is told to', async () => {
    const controller = new AbortController();
    const running = runner.run(['sleep', '1000'], { signal: controller.signal });
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: 'ABORTED' });
    const { signal } = controller;
    await expect(runner.run(['true'], { signal })).rejects.toMatchObject({ code: 'ABORTED' });
  });
});
