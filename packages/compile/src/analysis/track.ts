import type { Diagram, ItemRange } from '../diagram/diagram.ts'

/** One of several ways down through diagrams that are walked side by side, class by class. */
export interface Track {
  readonly diagram: Diagram
  readonly root: number
  /** The node that a value's class leads to; the same node where its variable is not asked. */
  step(node: number, variable: number, classId: number): number
}

export function wholeTrack(diagram: Diagram): Track {
  return {
    diagram,
    root: diagram.root,
    step: (node, variable, classId) => (diagram.variable(node) === variable ? diagram.child(node, classId) : node),
  }
}

/**
 * The policy without one rule, down the diagram of the policy with it: both go the same way until the rule is settled, so
 * ten thousand rules can be left out in turn without ten thousand diagrams.
 */
export function trackWithout(diagram: Diagram, rule: ItemRange): Track {
  const own = diagram.items.slice(rule.from, rule.to)
  const passes = own.every(({ target }) => target.kind === 'skip')
  const settled = (before: number, node: number, variable: number): boolean => {
    const alive = diagram.aliveOf(node, rule)
    if (alive.some((entry) => diagram.items[entry >> 1]!.last <= variable)) return true
    // A skip that is sure to be taken is gone from the node that it leads to.
    return passes && alive.length < before
  }
  return {
    diagram,
    root: settled(own.length, diagram.root, -1) ? diagram.rootWithout(rule) : diagram.root,
    step: (node, variable, classId) => {
      if (diagram.variable(node) !== variable) return node
      const child = diagram.child(node, classId)
      const before = passes ? diagram.aliveOf(node, rule).length : 0
      return settled(before, child, variable) ? diagram.childWithout(node, classId, rule) : child
    },
  }
}
