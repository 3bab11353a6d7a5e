/** A finite graph: its circles, and where its fair ways end. Nodes are known by their text. */

export interface Edge<Node> {
  readonly to: Node;
  /** All goes as asked. At most one edge of a node is fair. */
  readonly fair: boolean;
  /** Something was written. */
  readonly write: boolean;
}

export interface Graph<Node> {
  readonly nodes: readonly Node[];
  readonly edges: number;
  /** Strongly connected parts in which something is written. */
  readonly circles: number;
  /** Nodes of those parts without an edge that leads out of them. */
  readonly traps: readonly Node[];
  /** Nodes whose fair way never ends. */
  readonly endless: readonly Node[];
  /** Of each node that has one: the node at which its fair way ends. */
  readonly ends: readonly (Node | undefined)[];
  /** The most writes of a fair way. */
  readonly mostWrites: number;
}

type Out = readonly Edge<number>[];

/** All that is reachable from `starts`. */
export function graphOf<Node>(
  starts: Iterable<Node>,
  text: (node: Node) => string,
  follow: (node: Node) => readonly Edge<Node>[],
): Graph<Node> {
  const places = new Map<string, number>();
  const nodes: Node[] = [];
  const place = (node: Node): number => {
    const id = text(node);
    const known = places.get(id);
    if (known !== undefined) return known;
    places.set(id, nodes.length);
    return nodes.push(node) - 1;
  };
  for (const node of starts) place(node);
  const outs: Out[] = [];
  for (let at = 0; at < nodes.length; at++)
    outs.push(follow(nodes[at] as Node).map((edge) => ({ ...edge, to: place(edge.to) })));
  const part = parts(outs);
  const writes = new Set<number>();
  const leaves = new Set<number>();
  for (const [at, out] of outs.entries()) {
    const mine = part[at] as number;
    for (const { to, write } of out) {
      if (part[to] !== mine) leaves.add(mine);
      else if (write) writes.add(mine);
    }
  }
  const isTrap = (at: number) => writes.has(part[at] as number) && !leaves.has(part[at] as number);
  const ways = fairWays(outs);
  return {
    nodes,
    edges: outs.reduce((sum, out) => sum + out.length, 0),
    circles: writes.size,
    traps: nodes.filter((_, at) => isTrap(at)),
    endless: nodes.filter((_, at) => ways[at]?.end === undefined),
    ends: ways.map(({ end }) => (end === undefined ? undefined : nodes[end])),
    mostWrites: ways.reduce((most, { writes: some }) => Math.max(most, some), 0),
  };
}

interface Way {
  /** undefined: in a circle. */
  readonly end: number | undefined;
  readonly writes: number;
}

function fairWays(outs: readonly Out[]): readonly Way[] {
  const ways: Way[] = [];
  for (let start = 0; start < outs.length; start++) {
    const passed: number[] = [];
    const on = new Set<number>();
    let at: number | undefined = start;
    while (at !== undefined && ways[at] === undefined && !on.has(at)) {
      passed.push(at);
      on.add(at);
      at = outs[at]?.find(({ fair }) => fair)?.to;
    }
    let way = at === undefined ? undefined : (ways[at] ?? { end: undefined, writes: 0 });
    for (const one of passed.reverse()) {
      const write = outs[one]?.find(({ fair }) => fair)?.write === true ? 1 : 0;
      way = way === undefined ? { end: one, writes: 0 } : { ...way, writes: way.writes + write };
      ways[one] = way;
    }
  }
  return ways;
}

/** The strongly connected part of each node (Tarjan, without recursion). */
function parts(outs: readonly Out[]): readonly number[] {
  const part: number[] = [];
  const low: number[] = [];
  const index: number[] = [];
  const stack: number[] = [];
  let [entered, count] = [0, 0];
  for (let root = 0; root < outs.length; root++) {
    if (index[root] !== undefined) continue;
    const calls: { readonly at: number; next: number }[] = [];
    const enter = (at: number) => {
      index[at] = low[at] = entered++;
      stack.push(at);
      calls.push({ at, next: 0 });
    };
    enter(root);
    for (let call = calls.at(-1); call !== undefined; call = calls.at(-1)) {
      const { at } = call;
      const to = outs[at]?.[call.next++]?.to;
      if (to !== undefined) {
        if (index[to] === undefined) enter(to);
        else if (part[to] === undefined) low[at] = Math.min(low[at] as number, index[to]);
        continue;
      }
      calls.pop();
      const above = calls.at(-1)?.at;
      if (above !== undefined) low[above] = Math.min(low[above] as number, low[at] as number);
      if (low[at] !== index[at]) continue;
      for (let one = stack.pop(); one !== undefined; one = one === at ? undefined : stack.pop())
        part[one] = count;
      count += 1;
    }
  }
  return part;
}
