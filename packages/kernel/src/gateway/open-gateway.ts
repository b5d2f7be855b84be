import { closeSync, existsSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { mergeBindings } from '../bindings.ts'
import { lookup, update, word } from '../bpf-map.ts'
import { readRing, type RingReader } from '../read-ring.ts'
import type { Binding } from '../generation.ts'
import { activeGeneration, withActiveBindings } from '../active-generation.ts'
import type { Handshakes } from '../handshakes/open-handshakes.ts'
import { readFirstOctets, type FirstOctets } from '../first-octets.ts'
import { encodeConfig, INSPECT, WATCHES } from '../kernel-config.ts'
import { hasPin, openPin, pin, PIN_ROOT, preparePins, removePinned } from '../pins.ts'
import { retireSlot } from '../write-generation.ts'
import { Budgets } from '../limits/budgets.ts'
import { Losses, type Lost } from '../losses.ts'
import { ConnectionEnder } from './connection-ender.ts'
import { closeCrossing, removeCrossings } from './crossing.ts'
import { openForwardedHandshakes } from './forwarded-handshakes.ts'
import { endsOfWay, type ForwardedTicket, type WayEnds } from './forwarded-records.ts'
import { removeHeldForwards } from './held-forwards.ts'
import { ForwardedEnds } from './forwarded-ends.ts'
import { decodeForwarded, FORWARDED_BYTES, type ForwardedEnd, type ForwardedEvent } from './forwarded-event.ts'
import { readGatewayCounters, type GatewayCounters } from './gateway-counters.ts'
import type { GatewayGeneration } from './gateway-generation.ts'
import {
  GATEWAY_PROGRAMS,
  gatewayHash,
  loadGateway,
  type GatewayProgram,
  type LoadedGateway,
} from './gateway-object.ts'
import { networkInterface, type NetworkInterface } from './network-interface.ts'
import { openOffload, type Offload } from './offload.ts'
import { isOwn, OWN, rememberOwn } from './own.ts'
import { attachTraffic, detachTraffic, type TrafficPoint } from './traffic-control.ts'
import { GATEWAY_GENERATION_MAPS, writeGatewayGeneration } from './write-gateway-generation.ts'

export type GatewayOptions = {
  /** The interface of the guarded network, in this process's network namespace. */
  readonly lan: string
  /** Flows whose verdict is kept; the one not used for longest makes room. 262,144 unless given. */
  readonly maxFlows?: number
}

export type Gateway = AsyncDisposable & {
  /** Number of the policy in force; 0 before the first. */
  readonly generation: number
  /** Puts a policy in force as a whole. The first call attaches the program. */
  apply(generation: GatewayGeneration): void
  bind(entries: readonly Binding[]): void
  /** From the next policy on, flows that a handshake decides wait for it. */
  handshakes(): Handshakes<ForwardedTicket>
  /** Lets allowed flows that carry much past netfilter, from and to that interface. */
  offload(wan: string): Offload
  /** Who used the address last, as packets showed; 0 is nobody that was named. */
  clientAt(address: Uint8Array): number
  events(onEvent: (event: ForwardedEvent) => void): void
  /** From the next policy on what flows say first is told too, as `Enforcement.firstOctets` does. */
  firstOctets(onOctets: (octets: FirstOctets<WayEnds>) => void): void
  /** What flows carried, when they end; what goes on when the gateway is closed, by then. */
  ends(onEnd: (end: ForwardedEnd) => void): void
  /** Tells both ends of a connection that it is over. */
  end(event: ForwardedEvent): void
  /** When it is closed, those of its end. */
  counters(): GatewayCounters
  /** What was lost since somebody took it last, of this process or one before. */
  takeLost(): Lost
}

const MAPS = [
  ...GATEWAY_GENERATION_MAPS,
  'budgets',
  'charged',
  'fence',
  'config',
  'events',
  'counters',
  'losses_taken',
  'gateway_counters',
  'askers',
  'ways',
  'findings',
  'greetings',
  'straights',
  'aliases',
  'crossings',
  'ends',
  'said',
  'swept',
] as const
type Maps = Readonly<Record<(typeof MAPS)[number], number>>

const HAS_ETHERNET = 2
/** Where the pins of an interface are: its number is its network namespace's. */
export function gatewayPins(lan: string): string {
  return join(PIN_ROOT, `gateway-${statSync('/proc/self/ns/net').ino}-${networkInterface(lan).index}`)
}

/** Detaches what a killed gateway left on an interface. */
export function removeGateway(lan: string): void {
  const pins = gatewayPins(lan)
  if (!existsSync(pins)) return
  detach(networkInterface(lan).index, pins)
  removePinned(pins)
}

function detach(index: number, pins: string): void {
  removeCrossings(index, pins)
  detachTraffic(index, isOwn(pins, 'qdisc'))
  if (isOwn(pins, 'held')) removeHeldForwards(index)
}

/** What is in force goes on when this process is killed, and is taken over by the next. */
export async function openGateway(options: GatewayOptions): Promise<Gateway> {
  const link = networkInterface(options.lan)
  const pins = join(gatewayPins(options.lan), gatewayHash())
  if (hasPin(join(pins, 'program-forward'))) {
    const maps = Object.fromEntries(MAPS.map((name) => [name, openPin(join(pins, `map-${name}`))])) as Maps
    const pinned = GATEWAY_PROGRAMS.map((name) => [name, openPin(join(pins, `program-${name}`))])
    const programs = Object.fromEntries(pinned) as LoadedGateway['programs']
    // Whether this one lets flows past netfilter is for it to say.
    closeCrossing(maps.crossings)
    removeCrossings(link.index, gatewayPins(options.lan))
    return new AttachedGateway(options.lan, link, pins, maps, programs, () => {
      for (const fd of [...Object.values(programs), ...Object.values(maps)]) closeSync(fd)
    })
  }
  if (existsSync(gatewayPins(options.lan))) removeCrossings(link.index, gatewayPins(options.lan))
  const loaded = loadGateway(options.maxFlows)
  const maps = Object.fromEntries(MAPS.map((name) => [name, loaded.map(name)])) as Maps
  removePinned(pins)
  preparePins(pins)
  for (const name of MAPS) pin(maps[name], join(pins, `map-${name}`))
  return new AttachedGateway(options.lan, link, pins, maps, loaded.programs, () => loaded.close())
}

class AttachedGateway implements Gateway {
  readonly #lan: string
  readonly #index: number
  readonly #pins: string
  readonly #maps: Maps
  readonly #budgets: Budgets
  readonly #losses: Losses
  #ender: ConnectionEnder | null = null
  #offload: Offload | null = null
  #ends: ForwardedEnds | null = null
  readonly #programs: LoadedGateway['programs']
  readonly #close: () => void
  #events: RingReader | null = null
  #octets: RingReader | null = null
  #flags: number
  #attached = false
  #overflow = 0
  /** As they were in the end. */
  #last: GatewayCounters | null = null

  constructor(
    lan: string,
    link: NetworkInterface,
    pins: string,
    maps: Maps,
    programs: LoadedGateway['programs'],
    close: () => void,
  ) {
    this.#lan = lan
    this.#index = link.index
    this.#pins = pins
    this.#maps = maps
    this.#budgets = new Budgets(maps.budgets)
    this.#losses = new Losses(maps.losses_taken)
    this.#programs = programs
    this.#close = close
    this.#flags = link.isEthernet ? HAS_ETHERNET : 0
  }

  get generation(): number {
    return activeGeneration(this.#maps.config)
  }

  apply(generation: GatewayGeneration): void {
    const before = this.generation
    const next = before + 1
    const budgets = this.#budgets.assign(generation.limits ?? [])
    this.#overflow += writeGatewayGeneration(this.#maps, next & 1, generation, budgets).overflow
    update(this.#maps.config, word(0), encodeConfig({ ...CONFIG, generation: next, flags: this.#flags }))
    if (this.#attached) retireSlot(this.#maps, before & 1)
    else this.#attach()
  }

  bind(entries: readonly Binding[]): void {
    this.#overflow += withActiveBindings(this.#maps, (fd) => mergeBindings(fd, entries))
  }

  handshakes(): Handshakes<ForwardedTicket> {
    rememberOwn(dirname(this.#pins), 'held')
    const { charge } = this.#programs
    const handshakes = openForwardedHandshakes({ lan: this.#lan, index: this.#index, maps: this.#maps, charge })
    this.#flags |= INSPECT
    return handshakes
  }

  offload(wan: string): Offload {
    const pins = dirname(this.#pins)
    this.#offload = openOffload({ lan: this.#index, wan, pins, programs: this.#programs, maps: this.#maps })
    return this.#offload
  }

  clientAt(address: Uint8Array): number {
    const client = lookup(this.#maps.askers, address, 4)
    return client ? new DataView(client.buffer).getUint32(0, true) : 0
  }

  events(onEvent: (event: ForwardedEvent) => void): void {
    this.#events = readRing(this.#maps.events, FORWARDED_BYTES, (bytes) => {
      const event = decodeForwarded(bytes)
      if (event.kind === 'bulk') this.#offload?.consider(event)
      else onEvent(event)
    })
  }

  firstOctets(onOctets: (octets: FirstOctets<WayEnds>) => void): void {
    const before = (): void => this.#events?.consume()
    this.#octets = readFirstOctets({ fd: this.#maps.said, decodeOf: endsOfWay, onOctets, before })
    this.#flags |= WATCHES
  }

  ends(onEnd: (end: ForwardedEnd) => void): void {
    const { ends, swept, counters, gateway_counters: packets } = this.#maps
    this.#ends = new ForwardedEnds({
      sweep: this.#programs.sweep,
      maps: { ends, swept },
      counters: () => readGatewayCounters(counters, packets),
      readBeginnings: () => {
        this.#events?.consume()
        this.#octets?.consume()
      },
      onEnd,
    })
  }

  end(event: ForwardedEvent): void {
    this.#ender ??= new ConnectionEnder()
    this.#ender.end(event)
  }

  counters(): GatewayCounters {
    if (this.#last !== null) return this.#last
    const kernel = readGatewayCounters(this.#maps.counters, this.#maps.gateway_counters)
    return {
      ...kernel,
      bindingsOverflow: kernel.bindingsOverflow + this.#overflow,
      endsLost: kernel.endsLost + (this.#ends?.missed ?? 0),
    }
  }

  takeLost(): Lost {
    return this.#losses.take(this.counters())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#last !== null) return
    this.#ender?.[Symbol.dispose]()
    this.#offload?.[Symbol.dispose]()
    if (this.#attached) detach(this.#index, dirname(this.#pins))
    this.#ends?.[Symbol.dispose]()
    this.#octets?.stop()
    this.#events?.stop()
    this.#last = this.counters()
    this.#losses[Symbol.dispose]()
    removePinned(dirname(this.#pins))
    this.#close()
  }

  #put(point: TrafficPoint, program: GatewayProgram): void {
    if (attachTraffic(this.#index, point, this.#programs[program])) rememberOwn(dirname(this.#pins), 'qdisc')
  }

  #attach(): void {
    const parent = dirname(this.#pins)
    this.#put('egress', 'returned')
    this.#put('ingress', 'forward')
    this.#attached = true
    for (const name of GATEWAY_PROGRAMS) {
      const path = join(this.#pins, `program-${name}`)
      if (!hasPin(path)) pin(this.#programs[name], path)
    }
    const older = readdirSync(parent).filter((name) => name !== basename(this.#pins) && !name.startsWith(OWN))
    for (const name of older) removePinned(join(parent, name))
  }
}

const CONFIG = { resolver: undefined, resolverTgid: undefined, ownNetworkOnly: false } as const
