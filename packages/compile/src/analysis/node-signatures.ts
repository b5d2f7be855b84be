import type { Diagram } from '../diagram/diagram.ts'
import type { Item } from '../diagram/item.ts'

/**
 * A number for what a node decides, the same in every diagram over one set of conditions: two nodes with one signature
 * end alike for every flow. The converse need not hold.
 */
export class NodeSignatures {
  readonly #byText = new Map<string, number>()
  readonly #contents = new Map<string, number>()
  readonly #ofItem = new WeakMap<Item, number>()
  readonly #ofNode = new WeakMap<Diagram, (number | undefined)[]>()

  of(diagram: Diagram, node: number): number {
    const known = this.#nodesOf(diagram)
    return (known[node] ??= numbered(this.#byText, this.#text(diagram, node)))
  }

  #nodesOf(diagram: Diagram): (number | undefined)[] {
    const known = this.#ofNode.get(diagram)
    if (known) return known
    const fresh: (number | undefined)[] = []
    this.#ofNode.set(diagram, fresh)
    return fresh
  }

  #text(diagram: Diagram, node: number): string {
    const entries = diagram.entries(node)
    const variable = diagram.variable(node)
    const parts = [...entries].map((entry, at) => {
      const item = diagram.items[entry >> 1]!
      const content = `${this.#content(item)}${entry & 1 ? '?' : ''}`
      if (item.target.kind === 'act') return content
      const { to } = item.target
      let landing = at + 1
      while (landing < entries.length && entries[landing]! >> 1 < to) landing++
      return `${content}>${landing - at}`
    })
    return `${variable}:${parts.join()}`
  }

  #content(item: Item): number {
    const known = this.#ofItem.get(item)
    if (known !== undefined) return known
    const conditions = item.conditions.map((condition) => condition?.id ?? '').join('.')
    const { target } = item
    const effect = target.kind === 'act' ? `${target.outcome.verdict} ${target.outcome.mode}` : 'skip'
    const content = numbered(this.#contents, `${conditions} ${effect}`)
    this.#ofItem.set(item, content)
    return content
  }
}

function numbered(numbers: Map<string, number>, text: string): number {
  const known = numbers.get(text)
  if (known !== undefined) return known
  numbers.set(text, numbers.size)
  return numbers.size - 1
}
