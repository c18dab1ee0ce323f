/** Shows how far a service's units are: a bar on a terminal, a line for every tenth elsewhere. */
import type { WorkStatistics, WorkUnitService } from '@pstar/core';
import { auditTime, distinctUntilChanged, filter, type Observable, takeWhile } from 'rxjs';
import { bar, grouped, onTerminal, redraw } from './screen.ts';

/** Settles when all `total` units are over and the last line has been shown. */
export function showProgress(work: WorkUnitService, total: number): Promise<void> {
  const { statistics$, statistics } = work;
  const startedAt = performance.now();
  const before = statistics.finished;
  const rate = ({ finished }: WorkStatistics) =>
    (1000 * (finished - before)) / (performance.now() - startedAt);
  const shown$ = statistics$.pipe(
    takeWhile(({ finished }) => finished < total, true),
    onTerminal ? auditTime(50) : everyTenth(total),
  );
  return shown$.forEach((now) => {
    const line = describe(now, total, rate(now));
    if (onTerminal) redraw([line]);
    else console.log(line);
  });
}

function everyTenth(total: number) {
  const tenth = ({ finished }: WorkStatistics) => Math.floor((10 * finished) / total);
  return (statistics$: Observable<WorkStatistics>) =>
    statistics$.pipe(
      filter((statistics) => tenth(statistics) > 0),
      distinctUntilChanged((a, b) => tenth(a) === tenth(b)),
    );
}

function describe({ finished, byState }: WorkStatistics, total: number, rate: number): string {
  const left = rate > 0 ? Math.ceil((total - finished) / rate) : '?';
  return [
    `${bar(finished / total, 20)} ${String(Math.floor((100 * finished) / total)).padStart(3)} %`,
    `${grouped(byState.Done)} done`,
    `${byState.Running} running`,
    `${byState.Failed} failed`,
    `${grouped(rate)}/s`,
    `${left} s left`,
  ].join('  ');
}
