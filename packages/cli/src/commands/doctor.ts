import { Command } from 'commander'
import { checkUnprivileged, probeMachine, type Probe } from '@sallyport/kernel'
import { examples, jsonOption } from '../input/options.ts'
import { printJson, printLine } from '../output/print.ts'
import { styled } from '../output/style.ts'
import type { Answer } from './answer.ts'

/** Without these nothing is enforced for root; the rest opens more ways. */
const REQUIRED: readonly string[] = [
  'root',
  'btf',
  'cgroup2',
  'libbpf',
  'object',
  'cgroup_sock',
  'cgroup_sock_addr',
  'cgroup_skb',
  'cgroup_sockopt',
  'programs',
  'setpriv',
]

export function doctorCommand(answer: Answer): Command {
  return new Command('doctor')
    .description('what this machine offers for enforcement, what is missing, how to get it')
    .addOption(jsonOption())
    .addHelpText('after', examples('sallyport doctor', 'sallyport doctor --json'))
    .action((options: { readonly json?: boolean }) => {
      const probes = probeMachine()
      const ready = process.getuid?.() === 0 ? readyForRoot(probes) : checkUnprivileged().ok
      if (options.json === true) printJson({ ready, probes })
      else printProbes(probes, ready)
      answer(ready ? 0 : 3)
    })
}

function readyForRoot(probes: readonly Probe[]): boolean {
  return REQUIRED.every((name) => probes.some((probe) => probe.name === name && probe.ok))
}

function printProbes(probes: readonly Probe[], ready: boolean): void {
  for (const { ok, name, detail, remedy } of probes) {
    const required = process.getuid?.() === 0 && REQUIRED.includes(name)
    const mark = ok ? styled('green', 'ok     ') : required ? styled('red', 'missing') : styled('yellow', 'absent ')
    printLine(`${mark}  ${name.padEnd(18)} ${detail}`)
    if (!ok && remedy !== '') printLine(`         ${''.padEnd(18)} ${styled('dim', remedy)}`)
  }
  printLine(ready ? 'This machine can enforce policies.' : 'This machine cannot enforce policies yet.')
}
