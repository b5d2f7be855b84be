import koffi from 'koffi'
import { NetlinkSocket } from './netlink-socket.ts'

const NETLINK_NETFILTER = 12
/** NFNLGRP_NFTABLES, which is 7. */
const GROUP = 1 << 6
const BUFFER_BYTES = 65_536
const MESSAGES_A_TURN = 1024

/** Calls whenever a change of nftables (iptables-nft is one of its users) names the table or chain; without a name, at every change. */
export function watchNetfilter(name: string | null, onNamed: () => void): Disposable {
  const socket = new NetlinkSocket(NETLINK_NETFILTER, GROUP)
  const text = Buffer.from(name === null ? '' : `${name}\0`)
  const buffer = new Uint8Array(BUFFER_BYTES)
  let isOpen = true
  const look = (): void => {
    if (isOpen && readMessages(socket, buffer, text)) onNamed()
  }
  const handle = koffi.node.poll(socket.fd, { readable: true }, () => void setImmediate(look))
  handle.unref()
  return {
    [Symbol.dispose]: () => {
      isOpen = false
      handle.stop()
      handle.close()
      socket[Symbol.dispose]()
    },
  }
}

/** Whether one of the messages that wait has the text in it; one that was lost may have had it. */
function readMessages(socket: NetlinkSocket, buffer: Uint8Array, text: Buffer): boolean {
  let isNamed = false
  for (let count = 0; count < MESSAGES_A_TURN; count++) {
    const message = socket.poll(buffer)
    if (message === 'nothing') break
    if (message === 'lost') isNamed = true
    else isNamed ||= Buffer.from(message.buffer, message.byteOffset, message.length).includes(text)
  }
  return isNamed
}
