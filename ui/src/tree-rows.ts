/** The flat list of supervisors and actors as a tree, with the depth of each. */
import type { ActorView } from '#protocol/view.ts';

export interface TreeRow {
  readonly actor: ActorView;
  readonly depth: number;
}

/** Parents before children, in the order given; one whose parent is unknown stands at the top. */
export function treeRows(actors: readonly ActorView[]): readonly TreeRow[] {
  const names = new Set(actors.map(({ name }) => name));
  const below = (parent: string | null, depth: number): readonly TreeRow[] =>
    depth > actors.length
      ? []
      : actors
          .filter((actor) => (actor.parent !== null && names.has(actor.parent) ? actor.parent : null) === parent)
          .flatMap((actor) => [{ actor, depth }, ...below(actor.name, depth + 1)]);
  return below(null, 0);
}

export const STATE_GLYPH: Readonly<Record<ActorView['state'], string>> = {
  running: '●',
  starting: '◔',
  restarting: '↻',
  stopped: '○',
  failed: '✕',
};
