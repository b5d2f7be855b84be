/** Servers of the lab: `echo` answers TCP and UDP on one port, `dns` answers every question with 10.9.0.9. */
import { createSocket } from 'node:dgram'
import { createServer, type Socket } from 'node:net'

const [kind, address = '', portText] = process.argv.slice(2)
const port = Number(portText)

function answerOf(query: Buffer): Buffer {
  const end = query.indexOf(0, 12) + 5
  const header = Buffer.concat([query.subarray(0, 2), Buffer.from('81800001000100000000', 'hex')])
  return Buffer.concat([header, query.subarray(12, end), Buffer.from('c00c000100010000000400040a090009', 'hex')])
}

function onConnection(connection: Socket): void {
  connection.on('error', () => {})
  connection.on('data', (chunk: Buffer) => {
    if (kind === 'echo') return connection.end(chunk)
    const answer = answerOf(chunk.subarray(2))
    // Later, as a resolver that has to ask somebody.
    setTimeout(() => connection.write(Buffer.concat([Uint8Array.of(0, answer.length), answer])), 20)
  })
}

const udp = createSocket(address.includes(':') ? 'udp6' : 'udp4')
udp.on('message', (message, from) => udp.send(kind === 'echo' ? message : answerOf(message), from.port, from.address))
udp.bind(port, address, () => createServer(onConnection).listen(port, address, () => console.log('ready')))
