import { openEnforcement } from '../src/index.ts'
import { deny, generation } from './image-builder.ts'

const [cgroupPath = '', pinPath = ''] = process.argv.slice(2)
const enforcement = await openEnforcement({ cgroupPath, pinPath })
enforcement.apply(generation(deny))
console.log('ready')
setInterval(() => enforcement.generation, 1000)
