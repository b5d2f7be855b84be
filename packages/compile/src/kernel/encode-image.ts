import type { Flow, Outcome } from '@sallyport/policy'
import type { CompiledRules } from '../compiled-rules.ts'
import { ADDRESS, NAME, PORT, PROTOCOL, variable } from '../diagram/variable.ts'
import { ImageWriter } from './image-writer.ts'
import { FAIL_CLOSED, leafWords, UNDETERMINED } from './leaf-words.ts'

const MAX_IMAGE_WORDS = 64 * 1024 * 1024

/** Kernel classes of a variable: class 0 is whatever the host's tables do not list. */
export type Subject = {
  readonly variables: readonly number[]
  readonly classes: readonly Flow[]
  readonly ofValue: readonly number[]
}
type Subjects = Readonly<Partial<Record<'user' | 'app' | 'unit', Subject>>>

/** `fixed` are the facts that are walked now; `resume` is that of `KernelTables`. */
export function encodeImage(
  rules: CompiledRules,
  fixed: Flow,
  subjects: Subjects,
): { readonly image: Uint32Array; readonly resume: ReadonlyMap<number, number> } {
  const { diagram, facts, tables } = rules
  const writer = new ImageWriter(MAX_IMAGE_WORDS)
  const failClosed = writer.leaf(FAIL_CLOSED)
  const offsets = new Map<number, number>()
  const resume = new Map<number, number>()
  const nameSets = Array.from({ length: tables.names.setCount }, (_, id) => id)
  const nameClasses = [
    ...new Set(nameSets.flatMap((id) => [tables.nameSetClass(id, 'certain'), tables.nameSetClass(id, 'pending')])),
  ]
  const portClasses = [...new Set(tables.ports)]
  const addressClasses = [...new Set(tables.addresses.classes)]

  const visit = (node: number): number => {
    const known = offsets.get(node)
    if (known !== undefined) return known
    const offset = write(node)
    offsets.set(node, offset)
    return offset
  }
  const write = (node: number): number => {
    const leaf = diagram.leaf(node)
    if (leaf) return writeLeaf(node, leaf.outcomes)
    const v = diagram.variable(node)
    for (const [name, each] of Object.entries(subjects)) {
      if (each.variables.includes(v)) return writeSubject(node, variable(name as 'user'), each)
    }
    if (v === PORT) return writeValues(node, v, portClasses)
    if (v === ADDRESS) return writeValues(node, v, addressClasses)
    if (v === NAME) return resumable(node, writeValues(node, v, nameClasses))
    if (v === PROTOCOL) return writeProtocol(node)
    return visit(diagram.child(node, facts.classOf(v, fixed)))
  }
  const resumable = (node: number, offset: number): number => {
    resume.set(offset, node)
    return offset
  }
  const writeLeaf = (node: number, outcomes: readonly Outcome[]): number => {
    const words = leafWords(outcomes)
    return words.verdict === UNDETERMINED ? resumable(node, writer.leaf(words, node)) : writer.leaf(words)
  }
  const writeProtocol = (node: number): number => {
    const none = visit(diagram.child(node, facts.classOf(PROTOCOL, fixed)))
    const awaited = writeLeaf(node, rules.possibleFrom(node, { http: null, content: null }))
    return none === awaited ? none : writer.node(PROTOCOL, Uint32Array.of(none), awaited)
  }
  const writeSubject = (node: number, kernelVariable: number, { variables, classes }: Subject): number => {
    const children = classes.map((flow) => {
      let at = node
      while (variables.includes(diagram.variable(at))) at = diagram.child(at, facts.classOf(diagram.variable(at), flow))
      return visit(at)
    })
    return children.every((child) => child === children[0])
      ? children[0]!
      : writer.node(kernelVariable, Uint32Array.from(children), failClosed)
  }
  const writeValues = (node: number, v: number, classes: readonly number[]): number => {
    const children = new Uint32Array(classes.reduce((max, id) => Math.max(max, id), 0) + 1).fill(failClosed)
    for (const id of classes) children[id] = visit(diagram.child(node, id))
    return writer.node(v, children, failClosed)
  }
  return { image: writer.finish(visit(diagram.root)), resume }
}
