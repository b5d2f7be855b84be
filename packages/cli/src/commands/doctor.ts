import { Command } from 'commander'
import { diagnose } from '@sallyport/kernel'
import { examples, jsonOption } from '../input/options.ts'
import { printJson, printLine } from '../output/print.ts'
import { styled } from '../output/style.ts'
import type { Answer } from './answer.ts'

export function doctorCommand(answer: Answer): Command {
  return new Command('doctor')
    .description('what this machine offers for enforcement, what is missing, how to get it')
    .addOption(jsonOption())
    .addHelpText('after', examples('sallyport doctor', 'sallyport doctor --json'))
    .action(async (options: { readonly json?: boolean }) => {
      const findings = await diagnose()
      const ready = findings.every((finding) => finding.ok || !finding.required)
      if (options.json === true) printJson({ ready, findings })
      else {
        for (const { ok, required, name, detail, remedy } of findings) {
          const mark = ok ? styled('green', 'ok     ') : required ? styled('red', 'missing') : styled('yellow', 'absent ')
          printLine(`${mark}  ${name.padEnd(28)} ${detail}`)
          if (!ok && remedy !== null) printLine(`         ${remedy}`)
        }
        printLine(ready ? 'This machine can enforce policies.' : 'This machine cannot enforce policies yet.')
      }
      answer(ready ? 0 : 3)
    })
}
