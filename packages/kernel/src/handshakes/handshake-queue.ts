import koffi from 'koffi'
import { KernelError } from '../kernel-error.ts'
import { NetlinkSocket } from '../netlink-socket.ts'
import { queueDrops } from '../queue/queue-drops.ts'
import { bindMessage, parametersMessage, readMessages, VERDICTS, verdictMessage } from '../queue/queue-messages.ts'

const NETLINK_NETFILTER = 12
const WHOLE_PACKET = 0xffff
const HELD_PACKETS = 8192
const ROOM_BYTES = 16 * 2 ** 20
/** Queues are numbered through a network namespace; others may have some. */
const FIRST_QUEUE = 0x5a00
const QUEUES = 256
/** Datagrams that are read before whatever else waits for this process gets its turn. */
const BATCH = 64

type OnQueued = (id: number, payload: Uint8Array, mark: number) => void

export type QueueAnswer = { readonly id: number; readonly verdict: keyof typeof VERDICTS; readonly mark: number | null }

/** A packet queue of this network namespace that is nobody's yet. */
export class HandshakeQueue implements Disposable {
  readonly number: number
  readonly #socket: NetlinkSocket
  readonly #buffer = new Uint8Array(2 ** 17)
  #stop: (() => void) | null = null
  #lost = 0

  constructor() {
    const found = takeQueue()
    this.number = found.number
    this.#socket = found.socket
    this.#socket.makeRoom(ROOM_BYTES)
  }

  /** Packets that the kernel could not hand up; it dropped them. */
  get lost(): number {
    return queueDrops(this.number) ?? this.#lost
  }

  /** Called back for every packet that waits. `payload` holds until the callback returns. */
  read(onPacket: OnQueued): void {
    const poll = koffi.node.poll(this.#socket.fd, { readable: true }, () => this.#readBatch(onPacket))
    poll.unref()
    this.#stop = () => {
      poll.stop()
      poll.close()
    }
  }

  answer(answers: readonly QueueAnswer[]): void {
    for (const { id, verdict, mark } of answers)
      this.#socket.send(verdictMessage(this.number, id, VERDICTS[verdict], mark))
  }

  [Symbol.dispose](): void {
    this.#stop?.()
    this.#stop = null
    this.#socket[Symbol.dispose]()
  }

  #readBatch(onPacket: OnQueued): void {
    for (let count = 0; count < BATCH && this.#stop !== null; count++) {
      const datagram = this.#socket.poll(this.#buffer)
      if (datagram === 'nothing') return
      if (datagram === 'lost') {
        this.#lost++
        continue
      }
      for (const found of readMessages(datagram))
        if (found.kind === 'packet') onPacket(found.id, found.payload, found.mark)
    }
  }
}

function takeQueue(): { readonly number: number; readonly socket: NetlinkSocket } {
  const buffer = new Uint8Array(8192)
  for (let number = FIRST_QUEUE; number < FIRST_QUEUE + QUEUES; number++) {
    const socket = new NetlinkSocket(NETLINK_NETFILTER)
    const requests = [bindMessage(number), parametersMessage(number, WHOLE_PACKET, HELD_PACKETS)]
    if (requests.every((request) => socket.send(request) && isDone(socket.receive(buffer)))) return { number, socket }
    socket[Symbol.dispose]()
  }
  const remedy = 'a kernel with CONFIG_NETFILTER_NETLINK_QUEUE; `sallyport doctor` shows what is missing'
  throw new KernelError('netlink-failed', 'the kernel gives no packet queue (NFQUEUE)', remedy)
}

function isDone(reply: Uint8Array | null): boolean {
  const [first] = reply === null ? [] : readMessages(reply)
  return first?.kind === 'error' && first.errno === 0
}
