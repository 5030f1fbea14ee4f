import { runProcess } from './process-life.ts';
import { startWork } from './work.ts';

await runProcess('work', startWork);
