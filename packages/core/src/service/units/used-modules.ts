/**
 * Which bundles of earlier lives of a service somebody may still need: those of units that have not ended.
 * Whoever calls a function anew has its module bundled anew.
 */
import type { WorkCore } from './work-core.ts';

/** Removes the other bundles. To be called before anything is submitted. */
export async function dropUnusedModules({
  manager,
  visible,
  modules,
  log,
}: Pick<WorkCore, 'manager' | 'visible' | 'modules' | 'log'>): Promise<void> {
  const { templates, units } = manager.state;
  const called = new Map<number, readonly string[]>();
  for (let id = 0; id < templates.size; id++) {
    const { call } = templates.at(id).description;
    if (call) called.set(id, [call.module, ...(call.combine ? [call.combine.module] : [])]);
  }
  const used = new Set<string>();
  for (let unit = 0; called.size > 0 && unit < units.size; unit++) {
    if (visible.isFinal(unit)) continue;
    const { id } = manager.state.template(unit);
    for (const module of called.get(id) ?? []) used.add(module);
    called.delete(id);
  }
  await modules
    .keepOnly(used)
    .catch((error) => log.warn({ err: error }, 'old bundles of modules cannot be removed'));
}
