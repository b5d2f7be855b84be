import { openEnforcement } from '../src/index.ts'

const [cgroupPath = '', pinPath = ''] = process.argv.slice(2)
await using enforcement = await openEnforcement({ cgroupPath, pinPath, keep: true })
console.log(enforcement.closeDenied())
