/** What Grid Engine 8.1.9 of Debian 12 has really printed. */
import { readFileSync } from 'node:fs';

export function recorded(name: string): string {
  const folder = new URL('../../fixtures/gridengine-8.1.9/', import.meta.url);
  return readFileSync(new URL(name, folder), 'utf8');
}
