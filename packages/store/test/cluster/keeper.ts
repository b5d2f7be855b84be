import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { untilListening } from './until-listening.ts'

const JAR = '/usr/share/java/zookeeper.jar'

export const hasKeeper = (): boolean => existsSync(JAR) && existsSync('/usr/bin/java')

/** Debian's ZooKeeper on a port of loopback. What it knew is there when it is started again. */
export class Keeper implements AsyncDisposable {
  readonly port: number
  readonly #directory: string
  #process: ChildProcess | null = null

  constructor(directory: string, port: number) {
    this.port = port
    this.#directory = directory
    mkdirSync(directory, { recursive: true })
    writeFileSync(
      join(directory, 'zoo.cfg'),
      `tickTime=1000\ndataDir=${directory}\nclientPort=${port}\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\nmaxClientCnxns=0\n`,
    )
  }

  async start(): Promise<void> {
    const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain'
    const classes = ['-cp', `/etc/zookeeper/conf:${JAR}`, '-Xmx256m']
    const java = ['--pdeathsig', 'KILL', '/usr/bin/java', ...classes, main, join(this.#directory, 'zoo.cfg')]
    this.#process = spawn('setpriv', java, { stdio: 'ignore' })
    await untilListening(this.port, this.#process)
  }

  async kill(): Promise<void> {
    if (this.#process === null) return
    const ended = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    this.#process = null
    await ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }
}
