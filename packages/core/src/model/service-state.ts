/** The states of the two services and the moves between them, as data. */

/** Every state that a service can be in. */
export const SERVICE_STATES = ['Open', 'Closed', 'Canceled'] as const;

/**
 * Where a service is, as one process sees it.
 *
 * `Closed`: detached; what it held lives on and another `open()` with its id finds it. `Canceled`:
 * what it held was canceled with it; opened again, it can be given more.
 */
export type ServiceState = (typeof SERVICE_STATES)[number];

/** Which state may follow which. */
export const SERVICE_TRANSITIONS: Readonly<Record<ServiceState, readonly ServiceState[]>> = {
  Open: ['Closed', 'Canceled'],
  Closed: [],
  Canceled: [],
};

/** Whether nothing follows: `Closed` or `Canceled`. */
export function isFinalServiceState(state: ServiceState): boolean {
  return SERVICE_TRANSITIONS[state].length === 0;
}
