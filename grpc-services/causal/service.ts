import {
  QuestionState as WireState,
  type CausalServiceServer,
  type Question,
  type WatchQuestionRequest,
  type WatchQuestionResponse,
} from '@third-umpire/proto/umpire/causal/v1/causal';
import type { ServerWritableStream } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { uuidv7 } from 'uuidv7';
import type { CausalRecord, CausalStore, QuestionState } from '../../control-store/causal-port.ts';
import { parseCausalQuestion } from '../../definitions/causal-question.ts';
import { readYaml } from '../../definitions/yaml.ts';
import { InvalidRequestError } from '../failures.ts';
import { required, withoutNul } from '../fields.ts';
import { unary } from '../handler.ts';
import { refuse, whenDraining } from '../stream.ts';
import type { CausalWorkflows } from './causal-workflows.ts';

export interface CausalServiceParts {
  readonly questions: CausalStore;
  readonly workflows: CausalWorkflows;
  readonly logger: Logger;
  readonly draining: AbortSignal;
}

const MOST_LISTED = 200;
const DEFAULT_LISTED = 50;
/** How often a watcher is told what changed. */
const WATCH_EVERY_MS = 500;

/** Causal questions: asked, followed and read. The question is durable before its workflow is started. */
export function createCausalService({
  questions,
  workflows,
  logger,
  draining,
}: CausalServiceParts): CausalServiceServer {
  return {
    ask: unary(logger, async ({ question: text, questionId }) => {
      if (text.trim() === '') throw new InvalidRequestError('question', 'is empty; give a YAML or JSON document');
      // Everything that is wrong with the document is said at once; what it names is for the worker, which has the warehouse.
      parseCausalQuestion(withoutNul('question', text), 'question');
      const [document] = readYaml(text, 'question').documents;
      const id = questionId === '' ? uuidv7() : required('question_id', questionId);
      await questions.put(id, document?.value);
      return { questionId: id, workflowId: await workflows.start(id, document?.value) };
    }),
    getQuestion: unary(logger, async ({ questionId }) => ({
      question: wireQuestion(await questions.get(required('question_id', questionId))),
    })),
    listQuestions: unary(logger, async ({ limit }) => {
      if (limit < 0 || limit > MOST_LISTED)
        throw new InvalidRequestError('limit', `is ${limit}; 0 to ${MOST_LISTED} are listed`);
      return { questions: (await questions.list(limit === 0 ? DEFAULT_LISTED : limit)).map(wireQuestion) };
    }),
    cancelQuestion: unary(logger, async ({ questionId }) => {
      await questions.get(required('question_id', questionId));
      await workflows.cancel(questionId);
      return {};
    }),
    watchQuestion: (call) => watch(call, { questions, logger, draining }),
  };
}

/** Sends the question whenever it changed, until it is over. */
function watch(
  call: ServerWritableStream<WatchQuestionRequest, WatchQuestionResponse>,
  { questions, logger, draining }: Pick<CausalServiceParts, 'questions' | 'logger' | 'draining'>,
): void {
  let last = '';
  let timer: NodeJS.Timeout | undefined;
  const look = async (): Promise<void> => {
    const record = await questions.get(required('question_id', call.request.questionId));
    const now = `${record.state} ${record.detail}`;
    if (now !== last) call.write({ question: wireQuestion(record) });
    last = now;
    if (record.state !== 'running') call.end();
    else timer = setTimeout(next, WATCH_EVERY_MS);
  };
  const next = (): void => {
    look().catch((error: unknown) => refuse(call, error, logger));
  };
  call.on('cancelled', () => clearTimeout(timer));
  whenDraining(call, draining, () => {
    clearTimeout(timer);
    call.end();
  });
  next();
}

const STATES: Readonly<Record<QuestionState, WireState>> = {
  running: WireState.QUESTION_STATE_RUNNING,
  answered: WireState.QUESTION_STATE_ANSWERED,
  refused: WireState.QUESTION_STATE_REFUSED,
  failed: WireState.QUESTION_STATE_FAILED,
  cancelled: WireState.QUESTION_STATE_CANCELLED,
};

function wireQuestion(record: CausalRecord): Question {
  const { questionId, state, question, askedAtMs, finishedAtMs, detail, report } = record;
  return {
    questionId,
    state: STATES[state],
    questionJson: JSON.stringify(question),
    askedAt: new Date(askedAtMs),
    finishedAt: finishedAtMs === null ? undefined : new Date(finishedAtMs),
    detail,
    reportJson: report === null ? '' : JSON.stringify(report),
  };
}
