import { runProcess } from './process-life.ts';
import { startServe } from './serve.ts';

await runProcess('serve', startServe);
