CREATE TABLE ledger_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT ledger_version_pkc PRIMARY KEY (version_num)
)
-- next statement
CREATE TABLE events (
	sequence BIGINT NOT NULL, 
	kind TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	facts TEXT NOT NULL, 
	at TEXT NOT NULL, 
	previous TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	PRIMARY KEY (sequence)
)
-- next statement
CREATE INDEX events_by_kind ON events (kind, sequence)
-- next statement
CREATE INDEX events_by_subject ON events (subject, sequence)
-- next statement
CREATE TABLE effects (
	key TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	account TEXT NOT NULL, 
	model TEXT NOT NULL, 
	arena TEXT NOT NULL, 
	round BIGINT NOT NULL, 
	payload TEXT NOT NULL, 
	supersedes TEXT NOT NULL, 
	phase TEXT NOT NULL, 
	deadline TEXT, 
	attempts BIGINT NOT NULL, 
	facts TEXT NOT NULL, 
	intended_at TEXT NOT NULL, 
	changed_at TEXT NOT NULL, 
	PRIMARY KEY (key)
)
-- next statement
CREATE INDEX effects_by_phase ON effects (phase)
-- next statement
CREATE INDEX effects_by_superseded ON effects (supersedes)
-- next statement
CREATE TABLE stages (
	key TEXT NOT NULL, 
	name TEXT NOT NULL, 
	output TEXT NOT NULL, 
	at TEXT NOT NULL, 
	PRIMARY KEY (key)
)
-- next statement
CREATE TABLE turns (
	slot TEXT NOT NULL, 
	account TEXT NOT NULL, 
	model TEXT NOT NULL, 
	arena TEXT NOT NULL, 
	round BIGINT NOT NULL, 
	entry TEXT NOT NULL, 
	state TEXT NOT NULL, 
	facts TEXT NOT NULL, 
	at TEXT NOT NULL, 
	PRIMARY KEY (slot)
)
-- next statement
CREATE INDEX turns_by_entry ON turns (entry, round)
-- next statement
CREATE TABLE submissions (
	id TEXT NOT NULL, 
	slot TEXT NOT NULL, 
	account TEXT NOT NULL, 
	model TEXT NOT NULL, 
	arena TEXT NOT NULL, 
	round BIGINT NOT NULL, 
	effect TEXT NOT NULL, 
	digest TEXT NOT NULL, 
	filename TEXT NOT NULL, 
	number BIGINT NOT NULL, 
	tournament BIGINT NOT NULL, 
	selected BOOLEAN NOT NULL, 
	inserted TEXT, 
	at TEXT NOT NULL, 
	PRIMARY KEY (id)
)
-- next statement
CREATE INDEX submissions_by_slot ON submissions (slot)
-- next statement
CREATE TABLE scores (
	model_id TEXT NOT NULL, 
	round BIGINT NOT NULL, 
	display_name TEXT NOT NULL, 
	day BIGINT NOT NULL, 
	value FLOAT(53), 
	percentile FLOAT(53), 
	resolved BOOLEAN NOT NULL, 
	day_date TEXT NOT NULL, 
	payout_pending TEXT, 
	payout_settled TEXT, 
	at TEXT NOT NULL, 
	PRIMARY KEY (model_id, round, display_name, day)
)
-- next statement
CREATE TABLE payouts (
	model_id TEXT NOT NULL, 
	round BIGINT NOT NULL, 
	at_risk TEXT, 
	pending TEXT, 
	settled TEXT, 
	facts TEXT NOT NULL, 
	at TEXT NOT NULL, 
	PRIMARY KEY (model_id, round)
)
-- next statement
CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION 'events are append-only'; END $$
-- next statement
CREATE FUNCTION ledger_continue() RETURNS trigger LANGUAGE plpgsql AS $$
       DECLARE last_sequence bigint; last_hash text;
       BEGIN
         EXECUTE format('SELECT sequence, hash FROM %I.events ORDER BY sequence DESC LIMIT 1', TG_TABLE_SCHEMA)
           INTO last_sequence, last_hash;
         IF NEW.sequence <> coalesce(last_sequence, 0) + 1 OR NEW.previous <> coalesce(last_hash, NEW.previous) THEN
           RAISE EXCEPTION 'events are append-only';
         END IF;
         RETURN NEW;
       END $$
-- next statement
CREATE TRIGGER events_never_change BEFORE UPDATE OR DELETE ON events
       FOR EACH ROW EXECUTE FUNCTION ledger_refuse()
-- next statement
CREATE TRIGGER events_never_go BEFORE TRUNCATE ON events FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()
-- next statement
CREATE TRIGGER events_continue BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION ledger_continue()
-- next statement
INSERT INTO ledger_version (version_num) VALUES ('0001') RETURNING ledger_version.version_num
-- next statement
CREATE TABLE leases (
	name TEXT NOT NULL, 
	holder TEXT NOT NULL, 
	until TEXT NOT NULL, 
	PRIMARY KEY (name)
)
-- next statement
UPDATE ledger_version SET version_num='0002' WHERE ledger_version.version_num = '0001'
-- next statement
INSERT INTO effects (key, kind, account, model, arena, round, payload, supersedes, phase, deadline, attempts, facts, intended_at, changed_at) VALUES ('d7d1960632bbfa71e0174f8080120185d914a81c3a8dab960bf28446a76c6816', 'submit', 'main', 'practice_a', 'classic', 1345, 'cd50a80564ad1d52df2488ce16c7c96e90b57b01a7d536c387663ec8cbf9e7aa', '', 'confirmed', '2026-09-01T12:02:00.991629Z', 1, '{"closes":"2026-09-01T13:00:00+00:00","digest":"cd50a80564ad1d52df2488ce16c7c96e90b57b01a7d536c387663ec8cbf9e7aa","effect":"d7d1960632bbfa71e0174f8080120185d914a81c3a8dab960bf28446a76c6816","filename":"practice_a-1345-cd50a80564ad-BtGDLh2aun4O.csv","model_id":"c534411e-873c-4edc-818d-36f34c6b6645","selected":true,"sender":"vm:32606:672977","submission_id":"d943d540-fab8-4740-83df-86f1231b940a","timing":"window"}', '2026-09-01T12:01:00.991629Z', '2026-09-01T12:01:00.991629Z')
-- next statement
INSERT INTO events (sequence, kind, subject, facts, at, previous, hash) VALUES (1, 'duration', 'linear', '{"seconds":1.21,"stage":"fetch"}', '2026-09-01T12:01:00.991629Z', '0000000000000000000000000000000000000000000000000000000000000000', '4bf5b5ca25b1fdebce1b3fc85d5842439f1b71de3f41666a10f50fc20444953e')
-- next statement
INSERT INTO events (sequence, kind, subject, facts, at, previous, hash) VALUES (2, 'turn', 'classic/main/practice_a/1345', '{"entry":"linear","facts":{},"state":"fetch"}', '2026-09-01T12:01:00.991629Z', '4bf5b5ca25b1fdebce1b3fc85d5842439f1b71de3f41666a10f50fc20444953e', 'e70c96ced62ff7acc4987dfab38860245f6a896920d98684042e8d60c5e9b9b4')
-- next statement
INSERT INTO events (sequence, kind, subject, facts, at, previous, hash) VALUES (3, 'universe', 'classic', '{"round":1345,"rows":137}', '2026-09-01T12:01:00.991629Z', 'e70c96ced62ff7acc4987dfab38860245f6a896920d98684042e8d60c5e9b9b4', '701f42ddfbc4bdb95fbbbdb7b8aac240244b11b4a694e00e874a0592dcf1bd96')
-- next statement
INSERT INTO events (sequence, kind, subject, facts, at, previous, hash) VALUES (4, 'duration', 'linear', '{"seconds":1.371,"stage":"check"}', '2026-09-01T12:01:00.991629Z', '701f42ddfbc4bdb95fbbbdb7b8aac240244b11b4a694e00e874a0592dcf1bd96', '2202d0db4bcf7f525fe13320449dcb0f5e59c997dc762cad962f449740481c2c')
-- next statement
INSERT INTO events (sequence, kind, subject, facts, at, previous, hash) VALUES (5, 'turn', 'classic/main/practice_a/1345', '{"entry":"linear","facts":{},"state":"check"}', '2026-09-01T12:01:00.991629Z', '2202d0db4bcf7f525fe13320449dcb0f5e59c997dc762cad962f449740481c2c', '50b94088dcf7549b7c2878b96c69869fd59d54112319f822d261d64f770bcec8')
-- next statement
INSERT INTO events (sequence, kind, subject, facts, at, previous, hash) VALUES (6, 'duration', 'linear', '{"seconds":0.016,"stage":"feature"}', '2026-09-01T12:01:00.991629Z', '50b94088dcf7549b7c2878b96c69869fd59d54112319f822d261d64f770bcec8', 'b5619fa04bb5dbcccc186d135a5e813973cb01fc5692c7535856aa791d549600')
-- next statement
INSERT INTO events (sequence, kind, subject, facts, at, previous, hash) VALUES (7, 'turn', 'classic/main/practice_a/1345', '{"entry":"linear","facts":{},"state":"feature"}', '2026-09-01T12:01:00.991629Z', 'b5619fa04bb5dbcccc186d135a5e813973cb01fc5692c7535856aa791d549600', '6cbb2ad9862d85b0a1feceef76d413f0aaccc2ababb3b2f1fa720aa0d9305d12')
-- next statement
INSERT INTO events (sequence, kind, subject, facts, at, previous, hash) VALUES (8, 'model.trained', 'linear', '{"fitted":"9e9db6aa83a63044c75729050b52f20f135ff833b81d515007fbfeeaf4a69333","round":1345,"version":"v5.3","what":"c1a5bd0eef71bcb8082bad1bacc427b99a519b15d71e29de46bad13b63cb4926"}', '2026-09-01T12:01:00.991629Z', '6cbb2ad9862d85b0a1feceef76d413f0aaccc2ababb3b2f1fa720aa0d9305d12', '1b94e3e4d296efe760b2613f2197f5203cf06a8f66f5bbce4e16033de6d7efca')
-- next statement
INSERT INTO events (sequence, kind, subject, facts, at, previous, hash) VALUES (9, 'duration', 'linear', '{"seconds":0.18,"stage":"fit"}', '2026-09-01T12:01:00.991629Z', '1b94e3e4d296efe760b2613f2197f5203cf06a8f66f5bbce4e16033de6d7efca', '80f26482ac89dbe46cd2d4e167772258f5ba66506c76ed06b5385c0c5c545d48')
-- next statement
INSERT INTO events (sequence, kind, subject, facts, at, previous, hash) VALUES (10, 'turn', 'classic/main/practice_a/1345', '{"entry":"linear","facts":{},"state":"fit"}', '2026-09-01T12:01:00.991629Z', '80f26482ac89dbe46cd2d4e167772258f5ba66506c76ed06b5385c0c5c545d48', 'af8c974d92d873b632d59a48529bae2cbae3e82fa5b98a1c9b25efb3f990f53f')
-- next statement
INSERT INTO events (sequence, kind, subject, facts, at, previous, hash) VALUES (11, 'duration', 'linear', '{"seconds":0.006,"stage":"evaluate"}', '2026-09-01T12:01:00.991629Z', 'af8c974d92d873b632d59a48529bae2cbae3e82fa5b98a1c9b25efb3f990f53f', 'b442bc297d43cd4fc0d4d44d55e433d00efce1463c3210c0c5d768fc94a906fa')
-- next statement
INSERT INTO events (sequence, kind, subject, facts, at, previous, hash) VALUES (12, 'turn', 'classic/main/practice_a/1345', '{"entry":"linear","facts":{},"state":"evaluate"}', '2026-09-01T12:01:00.991629Z', 'b442bc297d43cd4fc0d4d44d55e433d00efce1463c3210c0c5d768fc94a906fa', '450b21445be828dea7a6fce5190fcb28fcbfb9761cd25391a914fad98a14eb1a')
-- next statement
INSERT INTO events (sequence, kind, subject, facts, at, previous, hash) VALUES (13, 'duration', 'linear', '{"seconds":0.136,"stage":"predict"}', '2026-09-01T12:01:00.991629Z', '450b21445be828dea7a6fce5190fcb28fcbfb9761cd25391a914fad98a14eb1a', '2b5ae8d4211884eade0590683428b3444c66ffecb7de38c9b7d0de40b304ebbd')
-- next statement
INSERT INTO events (sequence, kind, subject, facts, at, previous, hash) VALUES (14, 'turn', 'classic/main/practice_a/1345', '{"entry":"linear","facts":{},"state":"predict"}', '2026-09-01T12:01:00.991629Z', '2b5ae8d4211884eade0590683428b3444c66ffecb7de38c9b7d0de40b304ebbd', '84fbf9184e7c47a1fba2760d7367d02e9cb18c8778852f191499b29bb8b8f0de')
-- next statement
INSERT INTO events (sequence, kind, subject, facts, at, previous, hash) VALUES (15, 'duration', 'linear', '{"seconds":0.006,"stage":"preflight"}', '2026-09-01T12:01:00.991629Z', '84fbf9184e7c47a1fba2760d7367d02e9cb18c8778852f191499b29bb8b8f0de', '58ab4b915c7d70c85b87de9c33de7bd60af710bdcf8d4366db241b142ffe81f0')
-- next statement
INSERT INTO events (sequence, kind, subject, facts, at, previous, hash) VALUES (16, 'turn', 'classic/main/practice_a/1345', '{"entry":"linear","facts":{},"state":"preflight"}', '2026-09-01T12:01:00.991629Z', '58ab4b915c7d70c85b87de9c33de7bd60af710bdcf8d4366db241b142ffe81f0', '1f92ac7509fb6023ee88af7ecda66af0f02305288da33dd212eac5f7bb00cabb')
-- next statement
INSERT INTO events (sequence, kind, subject, facts, at, previous, hash) VALUES (17, 'effect.intended', 'classic/main/practice_a/1345', '{"attempts":0,"facts":{"model_id":"c534411e-873c-4edc-818d-36f34c6b6645","timing":"window"},"key":"d7d1960632bbfa71e0174f8080120185d914a81c3a8dab960bf28446a76c6816","kind":"submit","payload":"cd50a80564ad1d52df2488ce16c7c96e90b57b01a7d536c387663ec8cbf9e7aa"}', '2026-09-01T12:01:00.991629Z', '1f92ac7509fb6023ee88af7ecda66af0f02305288da33dd212eac5f7bb00cabb', '06294465285309b397381959193dd1c8fee40023d52e41d0a1c9d543be8ae6bb')
-- next statement
INSERT INTO events (sequence, kind, subject, facts, at, previous, hash) VALUES (18, 'step', 'classic/main/practice_a/1345', '{"facts":{"filename":"practice_a-1345-cd50a80564ad-BtGDLh2aun4O.csv"},"key":"d7d1960632bbfa71e0174f8080120185d914a81c3a8dab960bf28446a76c6816","step":"authorised"}', '2026-09-01T12:01:00.991629Z', '06294465285309b397381959193dd1c8fee40023d52e41d0a1c9d543be8ae6bb', '578f23b62ccb6a73d194f4d13ce0e8261bef9c67d05413121f4e35abbb7d6cb6')
-- next statement
INSERT INTO events (sequence, kind, subject, facts, at, previous, hash) VALUES (19, 'step', 'classic/main/practice_a/1345', '{"facts":{"bytes":4978,"filename":"practice_a-1345-cd50a80564ad-BtGDLh2aun4O.csv"},"key":"d7d1960632bbfa71e0174f8080120185d914a81c3a8dab960bf28446a76c6816","step":"put"}', '2026-09-01T12:01:00.991629Z', '578f23b62ccb6a73d194f4d13ce0e8261bef9c67d05413121f4e35abbb7d6cb6', '6c42db6e2aaf9fb9c59900c2fc805456b54a940552af7fb969b529239f789b54')
-- next statement
INSERT INTO events (sequence, kind, subject, facts, at, previous, hash) VALUES (20, 'effect.sent', 'classic/main/practice_a/1345', '{"attempts":1,"deadline":"2026-09-01T12:02:00.991629Z","facts":{"closes":"2026-09-01T13:00:00+00:00","filename":"practice_a-1345-cd50a80564ad-BtGDLh2aun4O.csv","model_id":"c534411e-873c-4edc-818d-36f34c6b6645","sender":"vm:32606:672977","timing":"window"},"key":"d7d1960632bbfa71e0174f8080120185d914a81c3a8dab960bf28446a76c6816","kind":"submit","payload":"cd50a80564ad1d52df2488ce16c7c96e90b57b01a7d536c387663ec8cbf9e7aa"}', '2026-09-01T12:01:00.991629Z', '6c42db6e2aaf9fb9c59900c2fc805456b54a940552af7fb969b529239f789b54', '6fa50f4aa4515798ddf159af3284f1c884ec6b2d09db219ff60704c1cd5d7136')
-- next statement
INSERT INTO events (sequence, kind, subject, facts, at, previous, hash) VALUES (21, 'step', 'classic/main/practice_a/1345', '{"facts":{"closes":"2026-09-01T13:00:00+00:00","filename":"practice_a-1345-cd50a80564ad-BtGDLh2aun4O.csv","model_id":"c534411e-873c-4edc-818d-36f34c6b6645","submission_id":"d943d540-fab8-4740-83df-86f1231b940a","timing":"window"},"key":"d7d1960632bbfa71e0174f8080120185d914a81c3a8dab960bf28446a76c6816","step":"answered"}', '2026-09-01T12:01:00.991629Z', '6fa50f4aa4515798ddf159af3284f1c884ec6b2d09db219ff60704c1cd5d7136', '8a3c4d2b6b79a59c49ee263d52b7f6c35d1f381e4bee5dd837f113bc15216cb7')
-- next statement
INSERT INTO events (sequence, kind, subject, facts, at, previous, hash) VALUES (22, 'settle', 'http://127.0.0.1:42929', '{"kind":"submit","seconds":0.0}', '2026-09-01T12:01:00.991629Z', '8a3c4d2b6b79a59c49ee263d52b7f6c35d1f381e4bee5dd837f113bc15216cb7', '1f3162f488d47c1b398a5c27a9e40cb2a03bf0d03f702586510fa9c97f8feae6')
-- next statement
INSERT INTO events (sequence, kind, subject, facts, at, previous, hash) VALUES (23, 'submission', 'classic/main/practice_a/1345', '{"digest":"cd50a80564ad1d52df2488ce16c7c96e90b57b01a7d536c387663ec8cbf9e7aa","effect":"d7d1960632bbfa71e0174f8080120185d914a81c3a8dab960bf28446a76c6816","filename":"practice_a-1345-cd50a80564ad-BtGDLh2aun4O.csv","id":"d943d540-fab8-4740-83df-86f1231b940a","inserted":"2026-09-01T12:01:00.000000Z","number":1345,"selected":true,"tournament":8}', '2026-09-01T12:01:00.991629Z', '1f3162f488d47c1b398a5c27a9e40cb2a03bf0d03f702586510fa9c97f8feae6', 'b3b9d24c92039e8107f193bd569557c09f979623fe397578fc158de91743de32')
-- next statement
INSERT INTO events (sequence, kind, subject, facts, at, previous, hash) VALUES (24, 'effect.confirmed', 'classic/main/practice_a/1345', '{"attempts":1,"facts":{"digest":"cd50a80564ad1d52df2488ce16c7c96e90b57b01a7d536c387663ec8cbf9e7aa","effect":"d7d1960632bbfa71e0174f8080120185d914a81c3a8dab960bf28446a76c6816","filename":"practice_a-1345-cd50a80564ad-BtGDLh2aun4O.csv","selected":true,"submission_id":"d943d540-fab8-4740-83df-86f1231b940a"},"key":"d7d1960632bbfa71e0174f8080120185d914a81c3a8dab960bf28446a76c6816","kind":"submit","payload":"cd50a80564ad1d52df2488ce16c7c96e90b57b01a7d536c387663ec8cbf9e7aa"}', '2026-09-01T12:01:00.991629Z', 'b3b9d24c92039e8107f193bd569557c09f979623fe397578fc158de91743de32', '3695b5cba8e664964cf4ae6b4e31a026eaa5963425a9fd6c0cb0374637fd2cf8')
-- next statement
INSERT INTO events (sequence, kind, subject, facts, at, previous, hash) VALUES (25, 'duration', 'linear', '{"seconds":0.252,"stage":"submit"}', '2026-09-01T12:01:00.991629Z', '3695b5cba8e664964cf4ae6b4e31a026eaa5963425a9fd6c0cb0374637fd2cf8', '172afdfde19cef84caaa74aa0225ac52de558b7bcf5a35a86db83fccccf5de6d')
-- next statement
INSERT INTO events (sequence, kind, subject, facts, at, previous, hash) VALUES (26, 'turn', 'classic/main/practice_a/1345', '{"entry":"linear","facts":{},"state":"submit"}', '2026-09-01T12:01:00.991629Z', '172afdfde19cef84caaa74aa0225ac52de558b7bcf5a35a86db83fccccf5de6d', 'ed62beb43ed96a74fec3418741c4989b61888d537fb6047b40b5d040df89ddb0')
-- next statement
INSERT INTO events (sequence, kind, subject, facts, at, previous, hash) VALUES (27, 'model.good', 'linear', '{"entry":{"account":"main","arena":"classic","damp":false,"features":"","folds":0,"leaks":"quick","learner":"ridge","model":"practice_a","name":"linear","price_features":[],"prices":"","retrain":1,"settings":{},"target":"","train_on":"train","use":"","version":""},"fitted":"9e9db6aa83a63044c75729050b52f20f135ff833b81d515007fbfeeaf4a69333","round":1345}', '2026-09-01T12:01:00.991629Z', 'ed62beb43ed96a74fec3418741c4989b61888d537fb6047b40b5d040df89ddb0', 'add29e517dee731d80015361f8d4622030d4337a8f1fe5848e48592756cd53e4')
-- next statement
INSERT INTO events (sequence, kind, subject, facts, at, previous, hash) VALUES (28, 'duration', 'linear', '{"seconds":0.004,"stage":"keep_model"}', '2026-09-01T12:01:00.991629Z', 'add29e517dee731d80015361f8d4622030d4337a8f1fe5848e48592756cd53e4', 'e495e00053a0184c102753ac998f0052ae33b6556b05a4cc49962990e5fe5693')
-- next statement
INSERT INTO events (sequence, kind, subject, facts, at, previous, hash) VALUES (29, 'turn', 'classic/main/practice_a/1345', '{"entry":"linear","facts":{},"state":"keep_model"}', '2026-09-01T12:01:00.991629Z', 'e495e00053a0184c102753ac998f0052ae33b6556b05a4cc49962990e5fe5693', '0a5be1ba83dc5cb6490f680e9240b399b1eaf0bdbf65274cf51ca5e905d46f64')
-- next statement
INSERT INTO events (sequence, kind, subject, facts, at, previous, hash) VALUES (30, 'scores', 'c534411e-873c-4edc-818d-36f34c6b6645', '{"added":18}', '2026-09-10T12:01:00.000001Z', '0a5be1ba83dc5cb6490f680e9240b399b1eaf0bdbf65274cf51ca5e905d46f64', '26be771d94d2d5b766dff26cb25b657efdf7721328ad653c2c199138c82a9a4d')
-- next statement
INSERT INTO events (sequence, kind, subject, facts, at, previous, hash) VALUES (31, 'payout', 'c534411e-873c-4edc-818d-36f34c6b6645', '{"at_risk":"1.000000000000000000","facts":{},"model_id":"c534411e-873c-4edc-818d-36f34c6b6645","pending":"1.000000000000000000","round":1345,"settled":null}', '2026-09-10T12:01:00.042951Z', '26be771d94d2d5b766dff26cb25b657efdf7721328ad653c2c199138c82a9a4d', 'd0b9eb40e1cbd1c1494ff262f553bad1717e828a7fab076e94cfdaa3186a1a94')
-- next statement
INSERT INTO events (sequence, kind, subject, facts, at, previous, hash) VALUES (32, 'round.seen', 'main/classic', '{"closes":"2026-12-01T13:00:00.000000Z","opens":"2026-12-01T12:00:00.000000Z","round":1403,"source":"api"}', '2026-12-01T12:00:00.000000Z', 'd0b9eb40e1cbd1c1494ff262f553bad1717e828a7fab076e94cfdaa3186a1a94', '5a13d5f2e2f5d2d30d5bfa759aa6cface6f1129afe31196d511934d41706dd9a')
-- next statement
INSERT INTO leases (name, holder, until) VALUES ('host/desk:4711:1', 'desk:4711:1', '2026-12-01T12:01:00.000000Z')
-- next statement
INSERT INTO payouts (model_id, round, at_risk, pending, settled, facts, at) VALUES ('c534411e-873c-4edc-818d-36f34c6b6645', 1345, '1.000000000000000000', '1.000000000000000000', NULL, '{}', '2026-09-10T12:01:00.042951Z')
-- next statement
INSERT INTO scores (model_id, round, display_name, day, value, percentile, resolved, day_date, payout_pending, payout_settled, at) VALUES ('c534411e-873c-4edc-818d-36f34c6b6645', 1345, 'bmc', 1, 0.0011119725348503735, 0.6333333333333333, false, '2026-09-05', NULL, NULL, '2026-09-10T12:01:00.000001Z')
-- next statement
INSERT INTO scores (model_id, round, display_name, day, value, percentile, resolved, day_date, payout_pending, payout_settled, at) VALUES ('c534411e-873c-4edc-818d-36f34c6b6645', 1345, 'bmc', 2, -0.0039000478882357612, 0.9333333333333333, false, '2026-09-08', NULL, NULL, '2026-09-10T12:01:00.000001Z')
-- next statement
INSERT INTO scores (model_id, round, display_name, day, value, percentile, resolved, day_date, payout_pending, payout_settled, at) VALUES ('c534411e-873c-4edc-818d-36f34c6b6645', 1345, 'bmc', 3, 0.01734001370798595, 0.8, false, '2026-09-09', NULL, NULL, '2026-09-10T12:01:00.000001Z')
-- next statement
INSERT INTO scores (model_id, round, display_name, day, value, percentile, resolved, day_date, payout_pending, payout_settled, at) VALUES ('c534411e-873c-4edc-818d-36f34c6b6645', 1345, 'corr60', 1, 0.05588773550325426, 0.7333333333333333, false, '2026-09-05', NULL, NULL, '2026-09-10T12:01:00.000001Z')
-- next statement
INSERT INTO scores (model_id, round, display_name, day, value, percentile, resolved, day_date, payout_pending, payout_settled, at) VALUES ('c534411e-873c-4edc-818d-36f34c6b6645', 1345, 'corr60', 2, 0.06834593392497111, 1.0, false, '2026-09-08', NULL, NULL, '2026-09-10T12:01:00.000001Z')
-- next statement
INSERT INTO scores (model_id, round, display_name, day, value, percentile, resolved, day_date, payout_pending, payout_settled, at) VALUES ('c534411e-873c-4edc-818d-36f34c6b6645', 1345, 'corr60', 3, 0.05230975594239959, 0.7333333333333333, false, '2026-09-09', NULL, NULL, '2026-09-10T12:01:00.000001Z')
-- next statement
INSERT INTO scores (model_id, round, display_name, day, value, percentile, resolved, day_date, payout_pending, payout_settled, at) VALUES ('c534411e-873c-4edc-818d-36f34c6b6645', 1345, 'corr_w_meta_model', 1, 0.593540786792331, 0.6333333333333333, false, '2026-09-05', NULL, NULL, '2026-09-10T12:01:00.000001Z')
-- next statement
INSERT INTO scores (model_id, round, display_name, day, value, percentile, resolved, day_date, payout_pending, payout_settled, at) VALUES ('c534411e-873c-4edc-818d-36f34c6b6645', 1345, 'corr_w_meta_model', 2, 0.593540786792331, 0.6333333333333333, false, '2026-09-08', NULL, NULL, '2026-09-10T12:01:00.000001Z')
-- next statement
INSERT INTO scores (model_id, round, display_name, day, value, percentile, resolved, day_date, payout_pending, payout_settled, at) VALUES ('c534411e-873c-4edc-818d-36f34c6b6645', 1345, 'corr_w_meta_model', 3, 0.593540786792331, 0.6333333333333333, false, '2026-09-09', NULL, NULL, '2026-09-10T12:01:00.000001Z')
-- next statement
INSERT INTO scores (model_id, round, display_name, day, value, percentile, resolved, day_date, payout_pending, payout_settled, at) VALUES ('c534411e-873c-4edc-818d-36f34c6b6645', 1345, 'mmc', 1, 0.06749213613173351, 0.8, false, '2026-09-05', NULL, NULL, '2026-09-10T12:01:00.000001Z')
-- next statement
INSERT INTO scores (model_id, round, display_name, day, value, percentile, resolved, day_date, payout_pending, payout_settled, at) VALUES ('c534411e-873c-4edc-818d-36f34c6b6645', 1345, 'mmc', 2, 0.10925720924077068, 1.0, false, '2026-09-08', NULL, NULL, '2026-09-10T12:01:00.000001Z')
-- next statement
INSERT INTO scores (model_id, round, display_name, day, value, percentile, resolved, day_date, payout_pending, payout_settled, at) VALUES ('c534411e-873c-4edc-818d-36f34c6b6645', 1345, 'mmc', 3, 0.11723789780682477, 0.9, false, '2026-09-09', NULL, NULL, '2026-09-10T12:01:00.000001Z')
-- next statement
INSERT INTO scores (model_id, round, display_name, day, value, percentile, resolved, day_date, payout_pending, payout_settled, at) VALUES ('c534411e-873c-4edc-818d-36f34c6b6645', 1345, 'mmc60', 1, 0.06749213613173351, 0.8, false, '2026-09-05', NULL, NULL, '2026-09-10T12:01:00.000001Z')
-- next statement
INSERT INTO scores (model_id, round, display_name, day, value, percentile, resolved, day_date, payout_pending, payout_settled, at) VALUES ('c534411e-873c-4edc-818d-36f34c6b6645', 1345, 'mmc60', 2, 0.10925720924077068, 1.0, false, '2026-09-08', NULL, NULL, '2026-09-10T12:01:00.000001Z')
-- next statement
INSERT INTO scores (model_id, round, display_name, day, value, percentile, resolved, day_date, payout_pending, payout_settled, at) VALUES ('c534411e-873c-4edc-818d-36f34c6b6645', 1345, 'mmc60', 3, 0.11723789780682477, 0.9, false, '2026-09-09', NULL, NULL, '2026-09-10T12:01:00.000001Z')
-- next statement
INSERT INTO scores (model_id, round, display_name, day, value, percentile, resolved, day_date, payout_pending, payout_settled, at) VALUES ('c534411e-873c-4edc-818d-36f34c6b6645', 1345, 'v2_corr20', 1, 0.05588773550325426, 0.7333333333333333, false, '2026-09-05', NULL, NULL, '2026-09-10T12:01:00.000001Z')
-- next statement
INSERT INTO scores (model_id, round, display_name, day, value, percentile, resolved, day_date, payout_pending, payout_settled, at) VALUES ('c534411e-873c-4edc-818d-36f34c6b6645', 1345, 'v2_corr20', 2, 0.06834593392497111, 1.0, false, '2026-09-08', NULL, NULL, '2026-09-10T12:01:00.000001Z')
-- next statement
INSERT INTO scores (model_id, round, display_name, day, value, percentile, resolved, day_date, payout_pending, payout_settled, at) VALUES ('c534411e-873c-4edc-818d-36f34c6b6645', 1345, 'v2_corr20', 3, 0.05230975594239959, 0.7333333333333333, false, '2026-09-09', NULL, NULL, '2026-09-10T12:01:00.000001Z')
-- next statement
INSERT INTO stages (key, name, output, at) VALUES ('0e86d057d75df92244388f8f05ae2a6973c655cb79e53f48c8c3b620e694288a', 'fetch', '8997d0cc0ae62c7f8010fb18201785b4fdf3d23f8424b88882abaaa40a0adb69', '2026-09-01T12:01:00.815572Z')
-- next statement
INSERT INTO stages (key, name, output, at) VALUES ('1490d1fb56f57c005295eeebc11eab16aa061e54b8add5600c4c74491010837c', 'fetch', '3d95e1b7910fce704ddcce2c080d077ec01d4789d1e51b3c041ab9cada04cc3f', '2026-09-01T12:01:00.064798Z')
-- next statement
INSERT INTO stages (key, name, output, at) VALUES ('152f4eaea2e3f1d850988949bf5474c6a68792033203cc435fec492f93c1deab', 'check', '6fb997fa5d8be1dd891338d9074f24f2e85bc3d48c39b7ac2aca261c5b7afd36', '2026-09-01T12:01:00.991629Z')
-- next statement
INSERT INTO stages (key, name, output, at) VALUES ('22577908e714be9cf130a3d8a6d63e759c250e6f05d94bf755f553f4d31e5f88', 'fetch', '686170fe3023bc2df6a04fd1496724c1586344d50ae97ed9d06b116a407d7a59', '2026-09-01T12:01:00.887200Z')
-- next statement
INSERT INTO stages (key, name, output, at) VALUES ('27d943708abd2e05868f774e1262897d41d378430db05cd84df78e66adaf64dc', 'predict', 'cd50a80564ad1d52df2488ce16c7c96e90b57b01a7d536c387663ec8cbf9e7aa', '2026-09-01T12:01:00.991629Z')
-- next statement
INSERT INTO stages (key, name, output, at) VALUES ('4b8cbc0fa0978df46a02d32b770cb1b22a4047abd1d92126ff4dc6e2f21ea9b1', 'check', 'e47602da1fdd6d8d91fa873675cd897780d7b8a4e092d45727fae7117b1db123', '2026-09-01T12:01:00.991629Z')
-- next statement
INSERT INTO stages (key, name, output, at) VALUES ('76171e4845c577a3d6eea4d2654280374d6869d9a85db90780abbe2227aa3820', 'fit', '9e9db6aa83a63044c75729050b52f20f135ff833b81d515007fbfeeaf4a69333', '2026-09-01T12:01:00.991629Z')
-- next statement
INSERT INTO stages (key, name, output, at) VALUES ('82e13088bf48413789a8fdeafe91c56d28a00916e5b9a9f288a791a6a5b3c6cd', 'fetch', 'b90a3e090367b50f9016896eb15aea72db9608bbf16b1fa22530382bf83037dd', '2026-09-01T12:01:00.987602Z')
-- next statement
INSERT INTO stages (key, name, output, at) VALUES ('cc4995af7d0f2d34d80aef4178ad856748a48bf3aa52aad34beb46de5ee91371', 'check', '14f1a86cc3ab0f9788adb3757001ba67c48fbd9b7ce8cc57f0b8d73f129d7076', '2026-09-01T12:01:00.991629Z')
-- next statement
INSERT INTO stages (key, name, output, at) VALUES ('db532b76371a4c9aac71776a2c10f52b31aef8422dbbd0fd71bb4debc58b198e', 'fetch', '7cc018616972bea848bf2fa4c257d382c45a39a3824be9516c3c4a910a70c4d6', '2026-09-01T12:01:00.469991Z')
-- next statement
INSERT INTO submissions (id, slot, account, model, arena, round, effect, digest, filename, number, tournament, selected, inserted, at) VALUES ('d943d540-fab8-4740-83df-86f1231b940a', 'classic/main/practice_a/1345', 'main', 'practice_a', 'classic', 1345, 'd7d1960632bbfa71e0174f8080120185d914a81c3a8dab960bf28446a76c6816', 'cd50a80564ad1d52df2488ce16c7c96e90b57b01a7d536c387663ec8cbf9e7aa', 'practice_a-1345-cd50a80564ad-BtGDLh2aun4O.csv', 1345, 8, true, '2026-09-01T12:01:00.000000Z', '2026-09-01T12:01:00.991629Z')
-- next statement
INSERT INTO turns (slot, account, model, arena, round, entry, state, facts, at) VALUES ('classic/main/practice_a/1345', 'main', 'practice_a', 'classic', 1345, 'linear', 'keep_model', '{}', '2026-09-01T12:01:00.991629Z')
