/** dashboard: the module its process loads. Here the page gets the wall clock and timers that actors/ may not touch. */
import { randomBytes } from 'node:crypto';
import { Dashboard } from '#actors/dashboard/dashboard.ts';
import type { PageWorld } from '#actors/dashboard/world.ts';

const wall: PageWorld = {
  now: () => Date.now(),
  every: (ms, work) => {
    const timer = setInterval(work, ms);
    return () => clearInterval(timer);
  },
  after: (ms, work) => {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
  secretBytes: (count) => randomBytes(count),
};

export default class DashboardEntry extends Dashboard {
  constructor() {
    super(wall);
  }
}
