/** Which of Grid Engine's parallel environments a pilot asks for. PURE. */
import type { Shape } from './dialects/dialect.ts';
import type { Size } from './geometry.ts';
import { invalid } from './problems.ts';

/** One of them, as `qconf -sp` shows it. */
export interface ParallelEnvironment {
  readonly name: string;
  /** `$pe_slots` is all on one host, a number so many on each, all else what comes. */
  readonly allocationRule: string;
  /** Whether agents can be started on its other hosts. */
  readonly controlSlaves: boolean;
}

const ONE_HOST = '$pe_slots';
/** Of those that spread slots as they come, the first that leave few hosts. */
const SPREADING = ['$fill_up', '$round_robin'];

/**
 * The parallel environment for a size.
 *
 * Where only the cores are counted, one host is asked for if there is a parallel environment that does
 * so, because the others need more rights. Where nodes are counted, each is to have its share, which
 * only an `allocation_rule` that is that number says.
 *
 * @param wanted by name, by the user
 * @param place where the user has written that
 * @throws PilotError `DESCRIPTION_INVALID` where there is none that fits
 */
export function shapeOf(
  size: Size,
  environments: readonly ParallelEnvironment[],
  wanted: string | undefined,
  place = '?pe= in the URL',
): Shape {
  if (wanted === undefined && size.cores === 1) return { words: [], several: false };
  const known = environments.find(({ name }) => name === wanted);
  if (wanted !== undefined && known === undefined) throw noSuch(wanted, environments, place);
  const candidates = known === undefined ? preferred(environments, size) : [known];
  const fitting = candidates.find((each) => fits(each, size));
  if (fitting === undefined) throw noneFits(size, environments, known);
  const several = hostsOf(fitting, size) !== 1;
  return { words: ['-pe', fitting.name, String(size.cores)], several };
}

function preferred(
  environments: readonly ParallelEnvironment[],
  { nodes, cores }: Size,
): readonly ParallelEnvironment[] {
  const rules = nodes === undefined ? [ONE_HOST, String(cores), ...SPREADING] : [];
  const rank = ({ allocationRule }: ParallelEnvironment) => {
    const index = rules.indexOf(allocationRule);
    return index < 0 ? rules.length : index;
  };
  return [...environments].sort((a, b) => rank(a) - rank(b));
}

function fits(environment: ParallelEnvironment, size: Size): boolean {
  const { controlSlaves, allocationRule } = environment;
  const hosts = hostsOf(environment, size);
  if (size.nodes !== undefined && hosts !== size.nodes) return false;
  if (/^\d+$/.test(allocationRule) && size.cores % Number(allocationRule) !== 0) return false;
  return hosts === 1 || controlSlaves;
}

/** On how many hosts it would be; undefined where that is not known before. */
function hostsOf({ allocationRule }: ParallelEnvironment, { cores }: Size): number | undefined {
  if (allocationRule === ONE_HOST || cores === 1) return 1;
  return /^\d+$/.test(allocationRule) ? cores / Number(allocationRule) : undefined;
}

function noSuch(wanted: string, environments: readonly ParallelEnvironment[], place: string) {
  const problem = `there is no parallel environment ${wanted}`;
  return invalid(place, problem, `name one of ${namesOf(environments)}`);
}

function noneFits(
  { nodes, cores }: Size,
  environments: readonly ParallelEnvironment[],
  known: ParallelEnvironment | undefined,
) {
  const what =
    nodes === undefined ? `${cores} slots` : `${nodes} hosts with ${cores / nodes} slots each`;
  const rule = nodes === undefined || nodes === 1 ? ONE_HOST : String(cores / nodes);
  const slaves = rule === ONE_HOST ? '' : ' and control_slaves TRUE';
  const subject = nodes === undefined ? 'totalCpuCount' : 'numberOfProcesses';
  const who = known === undefined ? 'no parallel environment gives' : `${known.name} does not give`;
  return invalid(
    subject,
    `${who} ${what}: there are ${namesOf(environments)}`,
    `have one made with allocation_rule ${rule}${slaves} (qconf -ap), name another by ?pe=, or create pilots of one core`,
  );
}

function namesOf(environments: readonly ParallelEnvironment[]): string {
  const words = environments.map(
    ({ name, allocationRule, controlSlaves }) =>
      `${name} (${allocationRule}${controlSlaves ? ', control_slaves' : ''})`,
  );
  return words.join(', ') || 'none (qconf -spl)';
}
