import { expect, it } from 'vitest';
import { ReportBox } from '../../src/agent/report-box.ts';
import { NOT_STARTED } from '../../src/agent/service-work.ts';
import { FrameEncoder } from '../../src/transport/frame-codec.ts';

/** How many bytes each of its reports has on a link. */
function sizes(box: ReportBox): number[] {
  return box.takeUnsent(1).map((report) => {
    let size = 0;
    const encoder = new FrameEncoder((part) => {
      size += part.length;
    });
    encoder.add(report);
    encoder.flush();
    return size;
  });
}

const run = (unit: number) => ({ unit, attempt: 1, startedAt: 0 });
const failed = { ...NOT_STARTED, reason: 1, startedAt: 0, finishedAt: 0 };

it('seals a report before what was thrown in its calls is more than a message holds', () => {
  const box = new ReportBox();
  const thrown = Uint8Array.from({ length: 16 * 1024 }, (_, at) => at * 7);
  const value = { call: 0, kind: 'threw', name: 'object', message: '{}', thrown } as const;
  for (let unit = 0; unit < 1_500; unit++) box.ended(run(unit), { ...failed, value }, false);
  expect(Math.max(...sizes(box))).toBeLessThan(256 * 1024);
});

it('cuts a problem that names something very long', () => {
  const box = new ReportBox();
  box.ended(run(1), { ...failed, problem: 'x'.repeat(17_000_000) }, false);
  expect(Math.max(...sizes(box))).toBeLessThan(32 * 1024);
});
