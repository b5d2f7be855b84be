import {
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Alias,
  type Document,
  type Node,
  type YAMLMap,
} from 'yaml'
import { quote } from './describe.ts'
import type { Finding, Path, ProblemCode } from './problem.ts'
import type { Located, Place } from './read-yaml.ts'

const MAX_DEPTH = 64
/** Nodes that aliases may repeat; a few levels of aliases of aliases would otherwise stand for billions. */
const MAX_ALIASED = 100_000

/** The nodes of a document as one plain value, bounded in depth and in what aliases repeat. */
export class YamlTree {
  readonly problems: Located[] = []
  readonly value: unknown
  readonly #root: Node | null
  readonly #place: (offset: number) => Place
  readonly #anchors = new Map<string, Node>()
  readonly #targets = new Map<Alias, Node>()
  #aliased = 0
  /** The document cannot be represented; its value is not to be used. */
  stopped = false

  constructor(document: Document.Parsed, place: (offset: number) => Place) {
    this.#root = document.contents
    this.#place = place
    this.value = this.#convert(document.contents, 0, false)
  }

  /** The place of what the path leads to, or of the nearest thing above it that exists. */
  placeOf(path: Path, at: 'key' | 'value'): Place {
    let node = this.#root
    let place = this.#placeOfNode(node)
    path.forEach((step, index) => {
      if (isAlias(node)) node = this.#targets.get(node) ?? null
      if (isSeq(node)) node = (node.items[Number(step)] as Node | undefined) ?? null
      else if (isMap(node)) {
        const pair = node.items.find((item) => keyText(item.key) === String(step))
        node = (pair?.value as Node | undefined) ?? null
        const last = index === path.length - 1
        if (pair !== undefined && (node === null || (last && at === 'key'))) {
          place = this.#placeOfNode(pair.key as Node | null, place)
          return
        }
      } else node = null
      place = this.#placeOfNode(node, place)
    })
    return place
  }

  #placeOfNode(node: Node | null, otherwise: Place = { line: 1, column: 1 }): Place {
    return node?.range ? this.#place(node.range[0]) : otherwise
  }

  #convert(node: unknown, depth: number, aliased: boolean): unknown {
    if (this.stopped) return null
    if (depth > MAX_DEPTH)
      return this.#stop('too-deep', 'the nesting is too deep', node, [`at most ${MAX_DEPTH} levels`])
    if (aliased && ++this.#aliased > MAX_ALIASED) {
      return this.#stop('too-many-aliases', 'the aliases repeat too much', node, [
        `at most ${MAX_ALIASED} repeated values`,
      ])
    }
    if (isAlias(node)) {
      const target = this.#targets.get(node) ?? this.#anchors.get(node.source)
      if (target === undefined)
        return this.#stop('syntax', `no anchor ${quote(node.source)} before this alias`, node, [])
      this.#targets.set(node, target)
      return this.#convert(target, depth + 1, true)
    }
    if ((isCollection(node) || isScalar(node)) && node.anchor !== undefined && !aliased) {
      this.#anchors.set(node.anchor, node as Node)
    }
    if (isMap(node)) return this.#convertMap(node, depth, aliased)
    if (isSeq(node)) return node.items.map((item) => this.#convert(isPair(item) ? null : item, depth + 1, aliased))
    if (isScalar(node) && typeof node.value === 'object' && node.value !== null) {
      return this.#stop('syntax', 'a tag of YAML that policies do not use', node, [])
    }
    return isScalar(node) ? node.value : null
  }

  #convertMap(map: YAMLMap, depth: number, aliased: boolean): Record<string, unknown> {
    const value = Object.create(null) as Record<string, unknown>
    for (const { key, value: item } of map.items) {
      const text = keyText(key)
      if (text === null) this.#report('wrong-type', 'a key must be text', key, ['text'])
      else if (Object.hasOwn(value, text))
        this.#report('duplicate-key', `the key ${quote(text)} is already given`, key, [])
      else value[text] = this.#convert(item, depth + 1, aliased)
    }
    return value
  }

  #stop(code: ProblemCode, message: string, node: unknown, allowed: readonly string[]): null {
    this.#report(code, message, node, allowed)
    this.stopped = true
    return null
  }

  #report(code: ProblemCode, message: string, node: unknown, allowed: readonly string[]): void {
    const finding: Finding = { code, message, path: [], found: '', allowed, nearest: null }
    this.problems.push({ finding, place: this.#placeOfNode(node as Node | null) })
  }
}

function keyText(key: unknown): string | null {
  if (!isScalar(key) || key.value === null) return null
  return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value))
}
