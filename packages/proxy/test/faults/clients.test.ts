import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { answerOf, startLab, type Lab } from '../lab.fixture.ts'
import { openConnect, untilEnd } from '../tls.fixture.ts'
import { get, head, leavesNothing, QUICK, settled, sockets, startFault, type Listening } from './faults.fixture.ts'

suite('a client that hangs or resets, phase by phase', () => {
  const serveClients = (socket: Socket): unknown =>
    socket.on('data', (octets: Buffer) => {
      if (octets.includes('GET /large')) socket.write(`${head}Content-Length: 50000000\r\n\r\n`)
      if (octets.includes('GET /large')) socket.write(Buffer.alloc(50_000_000))
      if (octets.includes('SSH')) socket.write(octets)
    })
  const authority = ({ port }: Listening): string => `127.0.0.1:${port}`
  const post = (server: Listening, fields: string): string =>
    `POST http://${authority(server)}/ HTTP/1.1\r\nHost: ${authority(server)}\r\n${fields}`

  const begun = async (lab: Lab, octets: string | Uint8Array): Promise<Socket> => {
    const socket = connect({ port: lab.port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => {})
    await once(socket, 'connect')
    socket.write(octets)
    return socket
  }
  const tunnelled = async (lab: Lab, server: Listening, octets: string): Promise<Socket> => {
    const tunnel = await openConnect(lab.port, authority(server))
    if (octets !== '') tunnel.write(octets)
    return tunnel
  }
  const steps: readonly (readonly [string, (lab: Lab, server: Listening) => Promise<Socket>, string])[] = [
    ['within its head', (lab) => begun(lab, 'GET http://a'), 'failed head-timeout 408'],
    [
      'within its body',
      (lab, server) => begun(lab, post(server, 'Content-Length: 9\r\n\r\nhalf')),
      'failed body-timeout 408',
    ],
    [
      'within its chunk',
      (lab, server) => begun(lab, post(server, 'Transfer-Encoding: chunked\r\n\r\n9\r\nhalf')),
      'failed body-timeout 408',
    ],
    [
      'within its trailers',
      (lab, server) => begun(lab, post(server, 'Transfer-Encoding: chunked\r\n\r\n0\r\nA: ')),
      'failed body-timeout 408',
    ],
    ['within SOCKS', (lab) => begun(lab, Uint8Array.from([5, 1, 0, 5, 1, 0, 3, 200])), 'failed head-timeout null'],
    ['in a tunnel, before its first octet', (lab, server) => tunnelled(lab, server, ''), 'allowed null 200'],
    ['in a tunnel, within its first octets', (lab, server) => tunnelled(lab, server, 'SSH-2'), 'allowed null 200'],
    ['in a tunnel that is idle', (lab, server) => tunnelled(lab, server, 'SSH-2.0-x\r\n'), 'allowed null 200'],
  ]
  for (const [phase, begin, said] of steps) {
    test(`${phase}: silence`, async () => {
      assert.equal(
        await leavesNothing({}, serveClients, async (lab, server) => {
          const socket = await begin(lab, server)
          await untilEnd(socket)
          socket.destroy()
        }),
        said,
      )
    })
  }

  test('that reads nothing of a long answer', async () => {
    const said = await leavesNothing({}, serveClients, async (lab, server) => {
      const socket = await begun(lab, get(authority(server)).replace('/ HTTP', '/large HTTP'))
      socket.pause()
      await lab.recorded(1)
      socket.destroy()
    })
    assert.equal(said, 'allowed null 200')
  })

  test('that takes longer for its body than a server may for its answer, and is heard all the same', async () => {
    const answerWhole = (socket: Socket): void => {
      let text = ''
      socket.on('data', (octets: Buffer) => {
        text += octets.toString()
        if (text.endsWith('.'.repeat(10))) socket.end(`${head}Content-Length: 2\r\n\r\nok`)
      })
    }
    const timeouts = { ...QUICK, responseMs: 100 }
    const said = await leavesNothing({ timeouts }, answerWhole, async (lab, server) => {
      const socket = await begun(lab, post(server, 'Content-Length: 10\r\nConnection: close\r\n\r\n'))
      for (let sent = 0; sent < 10; sent++) {
        await sleep(50)
        socket.write('.')
      }
      assert.equal(answerOf(await untilEnd(socket)), '200')
      socket.destroy()
    })
    assert.equal(said, 'allowed null 200')
  })

  for (const [phase, begin] of steps) {
    test(`${phase}: a reset`, async () => {
      await using lab = await startLab({ timeouts: QUICK })
      const idle = sockets()
      {
        await using server = await startFault(serveClients)
        const socket = await begin(lab, server)
        await sleep(20)
        socket.resetAndDestroy()
        await settled(() => lab.proxy.counts().openConnections === 0)
      }
      await settled(() => sockets() <= idle)
      const { openConnections, openTunnels, totals } = lab.proxy.counts()
      assert.deepEqual([sockets() - idle, openConnections, openTunnels, totals.defects], [0, 0, 0, 0])
    })
  }
})
