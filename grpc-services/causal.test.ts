import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { credentials, status } from '@grpc/grpc-js';
import {
  CausalServiceClient,
  QuestionState,
  type WatchQuestionResponse,
} from '@third-umpire/proto/umpire/causal/v1/causal';
import { pino } from 'pino';
import type { CausalStore } from '../control-store/causal-port.ts';
import { openCausalStore } from '../control-store/postgres/causal-questions.ts';
import { startTestStore, type TestStore } from '../control-store/testing/test-store.ts';
import { openEventLog } from '../event-bus/postgres/event-log.ts';
import type { EventBus } from '../event-bus/port.ts';
import { startGrpcServer, type GrpcServer } from './server.ts';
import { call } from './testing/call.ts';

const QUESTION = `
treatment: { event: deposit_failed }
outcome: { metric: wallet_spent, window: 7d }
population: { event: deposit_attempted, window: 30d }
covariates: [region]
`;

let bench: TestStore;
let eventBus: EventBus;
let questions: CausalStore;
let server: GrpcServer;
let client: CausalServiceClient;
const asked: string[] = [];

before(async () => {
  bench = await startTestStore();
  eventBus = await openEventLog({ url: bench.server.url });
  questions = await openCausalStore({ url: bench.server.url });
  const unused = (): Promise<never> => Promise.reject(new Error('no experiment is meant here'));
  server = await startGrpcServer({
    address: '127.0.0.1:0',
    controlStore: bench.store,
    eventBus,
    experimentWorkflows: {
      start: unused,
      approve: unused,
      pause: unused,
      resume: unused,
      ramp: unused,
      ship: unused,
      rollBack: unused,
      killed: unused,
    },
    causal: {
      questions,
      workflows: {
        start: (id) => {
          asked.push(`start ${id}`);
          return Promise.resolve(`causal-question/${id}`);
        },
        cancel: (id) => {
          asked.push(`cancel ${id}`);
          return Promise.resolve();
        },
      },
    },
    logger: pino({ level: 'silent' }),
  });
  client = new CausalServiceClient(server.address, credentials.createInsecure());
});
after(async () => {
  client.close();
  await server.drain();
  await questions.close();
  await eventBus.close();
  await bench.stop();
});

test('a question is noted before its workflow is started, and asking again changes nothing', async () => {
  const first = await call(client, client.ask, { question: QUESTION, questionId: 'q1' });
  assert.deepEqual(first, { questionId: 'q1', workflowId: 'causal-question/q1' });
  await call(client, client.ask, { question: QUESTION, questionId: 'q1' });
  const { questions: listed } = await call(client, client.listQuestions, { limit: 0 });
  assert.deepEqual(
    listed.map(({ questionId, state }) => [questionId, state]),
    [['q1', QuestionState.QUESTION_STATE_RUNNING]],
  );
  const { questionId } = await call(client, client.ask, { question: QUESTION, questionId: '' });
  assert.match(questionId, /^[0-9a-f-]{36}$/);
});

test('a watcher is told what changes until it is answered, and the report is there', async () => {
  await call(client, client.ask, { question: QUESTION, questionId: 'watched' });
  const seen: string[] = [];
  const stream = client.watchQuestion({ questionId: 'watched' });
  const ended = new Promise<void>((resolve, reject) => {
    stream.on('end', resolve);
    stream.on('error', reject);
  });
  let isTold = false;
  stream.on('data', ({ question }: WatchQuestionResponse) => {
    seen.push(question?.detail ?? '');
    if (isTold) return;
    isTold = true;
    const end = { state: 'answered', detail: 'it is less', report: { status: 'credible' } } as const;
    void questions.progress('watched', 'estimating').then(() => questions.finish('watched', end));
  });
  await ended;
  assert.equal(seen[0], 'waiting for a worker');
  assert.equal(seen.at(-1), 'it is less');
  const { question } = await call(client, client.getQuestion, { questionId: 'watched' });
  assert.equal(question?.state, QuestionState.QUESTION_STATE_ANSWERED);
  assert.deepEqual(JSON.parse(question.reportJson), { status: 'credible' });
  // What is over stays as it is.
  await questions.finish('watched', { state: 'failed', detail: 'too late', report: null });
  assert.equal((await questions.get('watched')).state, 'answered');
});

test('wrong questions, unknown ids and cancellations', async () => {
  const refused = async (question: string, message: RegExp): Promise<void> =>
    assert.rejects(
      call(client, client.ask, { question, questionId: '' }),
      (error: { code: number; details: string }) => {
        assert.equal(error.code, status.INVALID_ARGUMENT);
        assert.match(error.details, message);
        return true;
      },
    );
  await refused('', /question: is empty/);
  await refused(QUESTION.replace('[region]', '[]'), /covariates.*is empty/);
  await refused(QUESTION.replace('deposit_failed', 'deposit_attempted'), /everybody would be treated/);
  await refused(QUESTION.replace('7d', 'soon'), /is not a duration/);
  await assert.rejects(call(client, client.getQuestion, { questionId: 'nobody' }), { code: status.NOT_FOUND });
  await call(client, client.ask, { question: QUESTION, questionId: 'stopped' });
  await call(client, client.cancelQuestion, { questionId: 'stopped' });
  assert.equal(asked.at(-1), 'cancel stopped');
});
