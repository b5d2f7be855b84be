import { parseSync, Visitor, type Expression } from 'oxc-parser'

/** What a source file says about itself that the rules of the architecture ask. */
export type ModuleFacts = {
  /** Specifiers of all imports: values and types, static and dynamic, exports from, `import x = require()`. */
  readonly imports: readonly string[]
  /** Dynamic imports and requires whose target is not a constant: no rule can be held against them. */
  readonly unreadable: number
  /** Uses of a clock, randomness, I/O or other global state, as written. */
  readonly impurities: readonly string[]
}

const IMPURE_GLOBALS = new Set(
  (
    'process performance console crypto globalThis global navigator localStorage fetch WebSocket EventSource ' +
    'XMLHttpRequest require __dirname __filename setTimeout setInterval setImmediate queueMicrotask Temporal'
  ).split(' '),
)
const IMPURE_MEMBERS = new Set(['Date.now', 'Math.random', 'import.meta'])

export function moduleFacts(text: string): ModuleFacts {
  const { program, errors } = parseSync('module.ts', text)
  if (errors.length > 0) throw new SyntaxError(errors[0]?.message)
  const imports: string[] = []
  const impurities: string[] = []
  let unreadable = 0
  const imported = (source: Expression | undefined): void => {
    if (source?.type === 'Literal' && typeof source.value === 'string') imports.push(source.value)
    else unreadable += 1
  }
  /** Names that are not uses of a variable: keys of objects, members, labels of types. */
  const labels = new Set<unknown>()
  new Visitor({
    ImportDeclaration: (node) => imported(node.source),
    ExportAllDeclaration: (node) => imported(node.source),
    ExportNamedDeclaration: (node) => {
      if (node.source !== null) imported(node.source)
    },
    ImportExpression: (node) => imported(node.source),
    TSImportType: (node) => imported(node.source),
    TSExternalModuleReference: (node) => imported(node.expression),
    CallExpression: (node) => {
      const callee = node.callee
      if (callee.type !== 'Identifier') return
      if (callee.name === 'require') imported(node.arguments[0] as Expression | undefined)
      if (callee.name === 'Date') impurities.push('Date()')
    },
    NewExpression: (node) => {
      if (node.callee.type === 'Identifier' && node.callee.name === 'Date' && node.arguments.length === 0)
        impurities.push('new Date()')
    },
    MetaProperty: (node) => {
      const name = `${node.meta.name}.${node.property.name}`
      if (IMPURE_MEMBERS.has(name)) impurities.push(name)
      labels.add(node.meta).add(node.property)
    },
    MemberExpression: (node) => {
      if (!node.computed) labels.add(node.property)
      const member = node.property.type === 'Identifier' ? node.property.name : textOf(node.property)
      if (node.object.type === 'Identifier' && IMPURE_MEMBERS.has(`${node.object.name}.${member}`))
        impurities.push(`${node.object.name}.${member}`)
    },
    Property: (node) => {
      if (!node.computed && !node.shorthand) labels.add(node.key)
    },
    PropertyDefinition: (node) => {
      if (!node.computed) labels.add(node.key)
    },
    MethodDefinition: (node) => {
      if (!node.computed) labels.add(node.key)
    },
    TSPropertySignature: (node) => {
      if (!node.computed) labels.add(node.key)
    },
    TSMethodSignature: (node) => {
      if (!node.computed) labels.add(node.key)
    },
    Identifier: (node) => {
      if (!labels.has(node) && IMPURE_GLOBALS.has(node.name)) impurities.push(node.name)
    },
  }).visit(program)
  return { imports, unreadable, impurities }
}

/** `@scope/name/part` → `@scope/name`; a path or a node: module is itself. */
export function packageOf(specifier: string): string {
  if (specifier.startsWith('.') || specifier.startsWith('node:')) return specifier
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function textOf(node: { readonly type: string; readonly value?: unknown }): string {
  return node.type === 'Literal' ? String(node.value) : ''
}
