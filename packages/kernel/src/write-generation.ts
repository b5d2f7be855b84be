import { bytesOf, createInner, put, update, updateBatch, word, type InnerMap } from './bpf-map.ts'
import { mergeBindings, BINDING_BYTES, MAX_BINDINGS } from './bindings.ts'
import { IMAGE_MAGIC, PORT_CLASSES, type KernelGeneration } from './generation.ts'
import { KernelError } from './kernel-error.ts'

export const GENERATION_MAPS = [
  'image',
  'ports',
  'users',
  'apps',
  'units',
  'addresses',
  'bindings',
  'defaults',
  'limited',
] as const
export type GenerationMap = (typeof GENERATION_MAPS)[number]

/** Fills one slot; `budgets` are numbers by rule. Nothing reads it before the caller makes it the active one. */
export function writeGeneration(
  outer: Readonly<Record<GenerationMap, number>>,
  slot: number,
  generation: KernelGeneration,
  budgets: ReadonlyMap<number, number>,
): { readonly overflow: number } {
  if (generation.image[0] !== IMAGE_MAGIC || generation.image.length < 3)
    throw new KernelError('image-invalid', 'not a diagram image', 'compile the policy again')
  using stack = new DisposableStack()
  const maps = new Map<GenerationMap, InnerMap>()
  const add = (name: GenerationMap, inner: InnerMap): number => {
    maps.set(name, stack.use(inner))
    return inner.fd
  }
  writeArray(add('image', createInner('array', 4, 4, generation.image.length)), generation.image)
  writeArray(add('ports', createInner('array', 4, 4, PORT_CLASSES)), generation.ports.subarray(0, PORT_CLASSES))
  const users = [...generation.users]
  writeHash(
    add('users', createInner('hash', 4, 4, users.length)),
    4,
    users.map(([uid, value]) => ({ key: [BigInt(uid)], class: value })),
  )
  writeHash(
    add('apps', createInner('hash', 16, 4, generation.apps.length)),
    16,
    generation.apps.map((app) => ({ key: [app.dev, app.ino], class: app.class })),
  )
  writeHash(
    add('units', createInner('hash', 8, 4, generation.units.length)),
    8,
    generation.units.map((unit) => ({ key: [unit.cgroupId], class: unit.class })),
  )
  writeHash(
    add('limited', createInner('hash', 4, 4, budgets.size)),
    4,
    [...budgets].map(([rule, budget]) => ({ key: [BigInt(rule)], class: budget })),
  )
  const { keys, classes } = generation.addresses
  updateBatch(add('addresses', createInner('lpm', 20, 4, classes.length)), keys, bytesOf(classes), classes.length)
  const bindings = add('bindings', createInner('hash', 16, BINDING_BYTES, MAX_BINDINGS))
  const overflow = mergeBindings(bindings, generation.bindings ?? [])
  const { user, app, unit, name, awaitedName = name } = generation.defaults
  const monitor = generation.monitor ? 1 : 0
  const defaults = new Uint32Array([user, app, unit, name, monitor, factsAsked(generation), awaitedName, 0])
  update(add('defaults', createInner('array', 4, defaults.byteLength, 1, false)), word(0), bytesOf(defaults))
  for (const [name, inner] of maps) put(outer[name], slot, inner)
  return { overflow }
}

/** The bits ASKS_* of bpf/maps.h: facts whose tables tell anyone from the default. */
function factsAsked({ users, apps, units, defaults }: KernelGeneration): number {
  const user = [...users.values()].some((value) => value !== defaults.user)
  const app = apps.some((entry) => entry.class !== defaults.app)
  const unit = units.some((entry) => entry.class !== defaults.unit)
  return (user ? 1 : 0) | (app ? 2 : 0) | (unit ? 4 : 0)
}

/** Waits until no program still walks the slot, then gives its largest table back. */
export function retireSlot(outer: Readonly<Record<GenerationMap | 'fence', number>>, slot: number): void {
  using nothing = createInner('hash', 4, 4, 1)
  put(outer.fence, 0, nothing)
  using addresses = createInner('lpm', 20, 4, 1)
  put(outer.addresses, slot, addresses)
}

function writeArray(fd: number, values: Uint32Array): void {
  const indexes = Uint32Array.from(values, (_, index) => index)
  updateBatch(fd, bytesOf(indexes), bytesOf(values), values.length)
}

function writeHash(
  fd: number,
  keySize: number,
  entries: readonly { readonly key: readonly bigint[]; readonly class: number }[],
): void {
  const keys = new Uint8Array(keySize * entries.length)
  const view = new DataView(keys.buffer)
  entries.forEach((entry, index) => {
    if (keySize === 4) view.setUint32(index * 4, Number(entry.key[0]), true)
    else entry.key.forEach((part, i) => view.setBigUint64(index * keySize + i * 8, part, true))
  })
  updateBatch(fd, keys, bytesOf(Uint32Array.from(entries, (entry) => entry.class)), entries.length)
}
