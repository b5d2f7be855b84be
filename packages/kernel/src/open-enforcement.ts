import { closeSync, openSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { activeGeneration, withActiveBindings } from './active-generation.ts'
import { mergeBindings, removeBinding } from './bindings.ts'
import { lookup, update, word } from './bpf-map.ts'
import { closeDenied } from './close-denied.ts'
import { readCounters, type KernelCounters } from './counters.ts'
import { readEvents } from './event-ring.ts'
import { cookieOfOctets, readFirstOctets, type FirstOctets } from './first-octets.ts'
import type { Binding, KernelGeneration } from './generation.ts'
import {
  CONFIG_BYTES,
  encodeConfig,
  hasFlag,
  INSPECT,
  LIMITS_APPLY,
  WATCHES,
  type ResolverAddress,
} from './kernel-config.ts'
import { decodeEnded, decodeEvent, ENDED_BYTES, EVENT_BYTES, type EndedFlow, type KernelEvent } from './kernel-event.ts'
import { libbpf, checked, type Pointer } from './libbpf.ts'
import { Budgets } from './limits/budgets.ts'
import { Losses, type Lost } from './losses.ts'
import type { RingReader } from './read-ring.ts'
import { openHandshakes, type Handshakes, type HeldHandshakes } from './handshakes/open-handshakes.ts'
import type { Ticket } from './handshakes/records.ts'
import { hasPin, openPin, pin, preparePins, removePinned } from './pins.ts'
import { FAMILY_GUARD, loadObject, objectHash, type LoadedObject } from './programs.ts'
import { GENERATION_MAPS, retireSlot, writeGeneration } from './write-generation.ts'

export interface EnforcementOptions {
  /** Folder of the guarded cgroup. */
  readonly cgroupPath: string
  /** Folder in bpffs; enforcement then outlives this process. Pinned enforcement that is there is taken over. */
  readonly pinPath?: string
  /** Where DNS is turned to. */
  readonly resolver?: ResolverAddress
  /** Process whose own sockets are let through: the resolver's. */
  readonly resolverTgid?: number
  /**
   * Processes of other network namespaces cannot reach the resolver on this one's loopback: their DNS is then a flow like any
   * other, and is not turned.
   */
  readonly ownNetworkOnly?: boolean
  /** Room for events that are not read yet, and as much for ends; 1 MiB, about 8,000 of them, unless given. A power of two. */
  readonly eventBytes?: number
  readonly allowRaw?: boolean
  /** Leave pinned enforcement in place on disposal. */
  readonly keep?: boolean
}

export interface Enforcement extends AsyncDisposable {
  /** Number of the policy in force; 0 before the first. */
  readonly generation: number
  /** Whether sockets of families other than IP are guarded too. */
  readonly familiesGuarded: boolean
  /** Puts a policy in force as a whole. The first call attaches the programs. */
  apply(generation: KernelGeneration): void
  bind(entries: readonly Binding[]): void
  unbind(addresses: readonly Uint8Array[]): void
  events(onEvent: (event: KernelEvent) => void, signal?: AbortSignal): void
  /** Flows that were let through, when they end. */
  ends(onEnd: (ended: EndedFlow) => void, signal?: AbortSignal): void
  /**
   * From now on what flows say first is told too, by the cookie of their socket: after their events and before their ends.
   * Flows that wait for their handshake are left out.
   */
  firstOctets(onOctets: (octets: FirstOctets<bigint>) => void): void
  counters(): KernelCounters
  /** What was lost since somebody took it last, of this process or one before. */
  takeLost(): Lost
  /**
   * From now on flows of this network namespace that are not certain at `connect` may begin, and their first packets wait here;
   * nobody there, they do not leave. Without it they are judged by what there is. Needs `pinPath`; the name tells the rules
   * of one enforcement from another's.
   */
  handshakes(name: string): Handshakes<Ticket>
  /** Closes TCP sockets that the policy in force has refused, or that ran into a limit. Returns how many. */
  closeDenied(): number
}

const MAPS = [
  ...GENERATION_MAPS,
  'budgets',
  'fence',
  'config',
  'events',
  'ends',
  'counters',
  'losses_taken',
  'flows',
  'tickets',
  'findings',
  'origins',
  'greetings',
  'said',
] as const

const ALLOW_RAW = 1
type Maps = Readonly<Record<(typeof MAPS)[number], number>>

export async function openEnforcement(options: EnforcementOptions): Promise<Enforcement> {
  const id = statSync(options.cgroupPath, { bigint: true }).ino
  const pins = options.pinPath ? join(options.pinPath, `${objectHash()}-${id}`) : undefined
  if (pins && hasPin(join(pins, 'link-egress'))) return new Guard(options, pins, undefined, openMaps(pins))
  const loaded = loadObject(options.eventBytes)
  if (pins) {
    removePinned(pins)
    preparePins(pins)
  }
  const maps = Object.fromEntries(MAPS.map((name) => [name, loaded.map(name)])) as Maps
  if (pins) for (const name of MAPS) pin(maps[name], join(pins, `map-${name}`))
  return new Guard(options, pins, loaded, maps)
}

function openMaps(pins: string): Maps {
  return Object.fromEntries(MAPS.map((name) => [name, openPin(join(pins, `map-${name}`))])) as Maps
}

class Guard implements Enforcement {
  readonly #options: EnforcementOptions
  readonly #pins: string | undefined
  readonly #loaded: LoadedObject | undefined
  readonly #maps: Maps
  readonly #budgets: Budgets
  readonly #losses: Losses
  readonly #links: Pointer[] = []
  readonly #stops = new Set<() => void>()
  /** What tells of flows, in the order in which it has to be read. */
  #readEvents: RingReader | null = null
  #readOctets: RingReader | null = null
  #attached: boolean
  #overflow = 0
  #handshakes: HeldHandshakes | null = null
  /** Enforcement that is taken over goes on as it was. */
  #inspect = false
  #limitsApply = false
  #watches = false
  #disposed = false

  constructor(options: EnforcementOptions, pins: string | undefined, loaded: LoadedObject | undefined, maps: Maps) {
    this.#options = options
    this.#pins = pins
    this.#loaded = loaded
    this.#maps = maps
    this.#budgets = new Budgets(maps.budgets)
    this.#losses = new Losses(maps.losses_taken)
    this.#attached = !loaded
    const before = loaded ? undefined : lookup(maps.config, word(0), CONFIG_BYTES)
    this.#inspect = hasFlag(before, INSPECT)
    this.#limitsApply = hasFlag(before, LIMITS_APPLY)
    this.#watches = hasFlag(before, WATCHES)
    this.#configure(loaded ? 0 : this.generation)
  }

  get generation(): number {
    return activeGeneration(this.#maps.config)
  }

  get familiesGuarded(): boolean {
    if (this.#loaded) return this.#loaded.programs.includes(FAMILY_GUARD)
    return this.#pins !== undefined && hasPin(join(this.#pins, `link-${FAMILY_GUARD}`))
  }

  apply(generation: KernelGeneration): void {
    const before = this.generation
    const next = before + 1
    const budgets = this.#budgets.assign(generation.limits ?? [])
    const { overflow } = writeGeneration(this.#maps, next & 1, generation, budgets)
    this.#overflow += overflow
    this.#limitsApply = budgets.size > 0
    this.#handshakes?.policyChanges()
    this.#configure(next)
    if (this.#attached) retireSlot(this.#maps, before & 1)
    else this.#attach()
  }

  bind(entries: readonly Binding[]): void {
    this.#overflow += withActiveBindings(this.#maps, (fd) => mergeBindings(fd, entries))
  }

  unbind(addresses: readonly Uint8Array[]): void {
    withActiveBindings(this.#maps, (fd) => {
      for (const address of addresses) removeBinding(fd, address)
      return 0
    })
  }

  events(onEvent: (event: KernelEvent) => void, signal?: AbortSignal): void {
    const format = { bytes: EVENT_BYTES, decode: decodeEvent }
    this.#readEvents = readEvents(this.#maps.events, format, onEvent, { signal })
    this.#stops.add(this.#readEvents.stop)
  }

  ends(onEnd: (ended: EndedFlow) => void, signal?: AbortSignal): void {
    const format = { bytes: ENDED_BYTES, decode: decodeEnded }
    const before = (): void => {
      this.#readEvents?.consume()
      this.#readOctets?.consume()
    }
    this.#stops.add(readEvents(this.#maps.ends, format, onEnd, { signal, before }).stop)
  }

  firstOctets(onOctets: (octets: FirstOctets<bigint>) => void): void {
    this.#readOctets = readFirstOctets({
      fd: this.#maps.said,
      decodeOf: cookieOfOctets,
      onOctets,
      before: () => this.#readEvents?.consume(),
    })
    this.#stops.add(this.#readOctets.stop)
    this.#watches = true
    this.#configure(this.generation)
  }

  counters(): KernelCounters {
    const kernel = readCounters(this.#maps.counters)
    return { ...kernel, bindingsOverflow: kernel.bindingsOverflow + this.#overflow }
  }

  takeLost(): Lost {
    return this.#losses.take(this.counters())
  }

  handshakes(name: string): Handshakes<Ticket> {
    if (this.#pins === undefined) throw new Error('nothing is inspected where nothing is pinned')
    const program = join(this.#pins, 'held')
    if (!hasPin(program)) this.#loaded?.pinHeld(program)
    const keep = this.#options.keep === true
    const handshakes = openHandshakes({ name, program, maps: this.#maps, keep })
    this.#handshakes = handshakes
    this.#inspect = true
    this.#configure(this.generation)
    return handshakes
  }

  closeDenied(): number {
    return closeDenied(this.#maps.flows, this.generation)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return
    this.#disposed = true
    for (const stop of this.#stops) stop()
    const keep = this.#options.keep === true && this.#pins !== undefined
    for (const link of this.#links.splice(0)) libbpf().linkDestroy(link)
    if (!keep && this.#options.pinPath) removePinned(this.#options.pinPath)
    if (this.#loaded) this.#loaded.close()
    else for (const fd of Object.values(this.#maps)) closeSync(fd)
  }

  #configure(generation: number): void {
    const { resolver, resolverTgid, allowRaw = false, ownNetworkOnly = false } = this.#options
    const flags =
      (allowRaw ? ALLOW_RAW : 0) |
      (this.#inspect ? INSPECT : 0) |
      (this.#limitsApply ? LIMITS_APPLY : 0) |
      (this.#watches ? WATCHES : 0)
    update(this.#maps.config, word(0), encodeConfig({ generation, flags, resolver, resolverTgid, ownNetworkOnly }))
  }

  #attach(): void {
    const loaded = this.#loaded
    if (!loaded) return
    const cgroup = openSync(this.#options.cgroupPath, 'r')
    try {
      for (const name of loaded.programs) {
        const link = loaded.attach(name, cgroup)
        this.#links.push(link)
        if (this.#pins) checked(`pin ${name}`, libbpf().linkPin(link, join(this.#pins, `link-${name}`)))
      }
    } finally {
      closeSync(cgroup)
    }
    this.#attached = true
    if (this.#pins) removeOlder(this.#pins)
  }
}

/** An earlier build, or an earlier cgroup of the same name, goes only when its successor is attached. */
function removeOlder(pins: string): void {
  const parent = dirname(pins)
  for (const name of readdirSync(parent)) if (name !== basename(pins)) removePinned(join(parent, name))
}
