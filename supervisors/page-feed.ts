import type { Cell } from './cell.ts';
import type { Router } from './router.ts';
import type { Supervisor } from './supervisor.ts';
import { ACTOR } from './tree.ts';
import type { Window } from './window.ts';

/** Sends the page's process what changed; a process that has just started gets everything once. */
export class PageFeed {
  readonly #window: Window;
  readonly #root: Supervisor<Cell>;
  readonly #router: Router;
  /** The incarnation that was last fed whole. */
  #fedEpoch = 0;

  constructor(window: Window, root: Supervisor<Cell>, router: Router) {
    this.#window = window;
    this.#root = root;
    this.#router = router;
  }

  send(): void {
    const page = this.#root.view(null).find(({ name }) => name === ACTOR.dashboard);
    if (page?.state !== 'running') return;
    const feed = page.epoch === this.#fedEpoch ? this.#window.takeChanges() : this.#window.takeAll();
    this.#fedEpoch = page.epoch;
    this.#router.deliver(ACTOR.dashboard, { type: 'window.fed', body: { feed } });
  }
}
