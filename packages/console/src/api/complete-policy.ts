import { isAlias, isMap, isPair, isScalar, parseDocument, visit, type Document, type Node, type Pair } from 'yaml'

export type Completion = {
  /** Where the word begins that an option takes the place of. */
  readonly from: number
  readonly options: readonly string[]
}
/** Words for values that the schema leaves open, by the key under which they stand. */
type Vocabulary = Readonly<Record<string, readonly string[]>>

type Schema = Readonly<Record<string, unknown>>
type Step = string | number
/** Where the cursor stands: as a key of what lies at the path, as its value, or as either of an item that begins. */
type Place = {
  readonly path: readonly Step[]
  readonly as: 'key' | 'value' | 'item'
  readonly taken: readonly string[]
}

const CURSOR = 'sallyportcursor'
const MAX_OPTIONS = 50

/** What may stand at the cursor of a policy that is being written, by the policy's own schema. */
export function completePolicy(text: string, offset: number, schema: Schema, words: Vocabulary): Completion {
  const typed = /[\w.-]*$/.exec(text.slice(0, offset))![0]
  const from = offset - typed.length
  const rest = text.slice(offset)
  const place = placeOf(text.slice(0, from), rest)
  if (place === null) return { from, options: [] }
  const options = optionsAt(place, schema, words)
  const fitting = options.filter((option) => option !== typed && option.toLowerCase().startsWith(typed.toLowerCase()))
  return { from, options: [...new Set(fitting)].slice(0, MAX_OPTIONS) }
}

/**
 * A line that begins is no YAML until it has a colon and its brackets are closed, so the cursor is read as a word and as a key,
 * with what follows and with the line ended there; the reading with the fewest errors counts.
 */
function placeOf(before: string, rest: string): Place | null {
  const line = before.slice(before.lastIndexOf('\n') + 1)
  const later = rest.includes('\n') ? rest.slice(rest.indexOf('\n')) : ''
  const readings = [rest, `${closing(line)}${later}`].flatMap((tail) =>
    [CURSOR, `${CURSOR}: 0`].map((word) => parseDocument(`${before}${word}${tail}`)),
  )
  const [best] = readings.toSorted((a, b) => a.errors.length - b.errors.length)
  return findCursor(best!)
}

/** What closes the brackets that a line leaves open. */
function closing(line: string): string {
  const open: string[] = []
  for (const [token] of line.matchAll(/"(?:[^"\\]|\\.)*"|'[^']*'|[[{}\]]/g)) {
    if (token === '{') open.unshift('}')
    else if (token === '[') open.unshift(']')
    else if (token === open[0]) open.shift()
  }
  return open.join('')
}

function findCursor(document: Document): Place | null {
  let place: Place | null = null
  visit(document, {
    Scalar: (at, node, ancestors) => {
      if (node.value !== CURSOR) return undefined
      const parent = ancestors.at(-1)
      const path = pathOf(document, [...ancestors, node] as readonly (Node | Pair)[])
      if (at === 'key') {
        const map = ancestors.findLast(isMap)
        const taken = (map?.items ?? []).map(({ key }) => String(isScalar(key) ? key.value : key))
        place = { path: path.slice(0, -1), as: 'key', taken }
      } else place = { path, as: isPair(parent) ? 'value' : 'item', taken: [] }
      return visit.BREAK
    },
  })
  return place
}

function pathOf(document: Document, chain: readonly (Document | Node | Pair)[]): readonly Step[] {
  const path: Step[] = []
  for (const [index, node] of chain.entries()) {
    const next = chain[index + 1]
    if (node === document || next === undefined || isAlias(node)) continue
    if (isPair(node)) path.push(String(isScalar(node.key) ? node.key.value : node.key))
    else if ('items' in node && !isMap(node)) path.push((node.items as readonly unknown[]).indexOf(next))
  }
  return path
}

function optionsAt({ path, as, taken }: Place, schema: Schema, words: Vocabulary): readonly string[] {
  const found = schemasAt(schema, path)
  const keys = found.flatMap((each) => Object.keys((each['properties'] as object | undefined) ?? {}))
  if (as === 'key') return keys.filter((key) => !taken.includes(key))
  const name = path.findLast((step) => typeof step === 'string') ?? ''
  const values = [...found.flatMap(valuesOf), ...(Object.hasOwn(words, name) ? words[name]! : [])]
  return as === 'value' ? values : [...values, ...keys]
}

function valuesOf(schema: Schema): readonly string[] {
  const values = (schema['enum'] as readonly unknown[] | undefined) ?? ('const' in schema ? [schema['const']] : [])
  return values.map(String)
}

/** All schemas that may hold at a path: alternatives are followed all. */
function schemasAt(root: Schema, path: readonly Step[]): readonly Schema[] {
  return path.reduce<readonly Schema[]>(
    (schemas, step) => schemas.flatMap((schema) => below(schema, step)).flatMap((schema) => alternatives(schema, root)),
    alternatives(root, root),
  )
}

function below(schema: Schema, step: Step): readonly Schema[] {
  if (typeof step === 'number') return asSchemas(schema['items'])
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, Schema>>
  return Object.hasOwn(properties, step) ? [properties[step]!] : asSchemas(schema['additionalProperties'])
}

function asSchemas(value: unknown): readonly Schema[] {
  return typeof value === 'object' && value !== null ? [value as Schema] : []
}

function alternatives(schema: Schema, root: Schema, depth = 0): readonly Schema[] {
  const MAX_DEPTH = 20
  if (depth > MAX_DEPTH) return []
  const reference = schema['$ref']
  const named = typeof reference === 'string' ? [definition(root, reference)] : []
  const some = [...named, ...['anyOf', 'oneOf', 'allOf'].flatMap((key) => (schema[key] ?? []) as readonly Schema[])]
  return [schema, ...some.flatMap((each) => alternatives(each, root, depth + 1))]
}

function definition(root: Schema, reference: string): Schema {
  const name = reference.replace(/^#\/\$defs\//, '')
  return ((root['$defs'] ?? {}) as Readonly<Record<string, Schema>>)[name] ?? {}
}
