// # Behaviours and the tests that hold them
//
// The black-box list of our reference of Apache Kafka's broker, and where each of
// its lines is tested. A test without a folder is in this package; interop and
// torture run as make interop and in the slow tier.
//
//	handshake
//	HS-01  unknown version of ApiVersions          TestApiVersionsOfTheFuture
//	HS-02  unknown key closes one connection       TestGarbageClosesOnlyItsConnection, torture.FuzzRequests
//	HS-03  announced frames cost nothing           server.TestAnnouncedFramesCostNothing (the header deadline itself is not waited for)
//	HS-04  codecs of librdkafka are stored         interop.TestKcat
//	HS-05  trace of negotiated versions            interop.TestTrace
//	HS-06  answers keep the order of requests      server.TestPipelinedAnswersKeepTheirOrder
//
//	topics and configs
//	TC-01  kafka-topics --create, --describe       interop.TestJavaTools (4.2 alone)
//	TC-02  -1 partitions and replicas              server.TestCreateTopics
//	TC-03  three replicas, strict and clamp        server.TestCreateTopics
//	TC-04  names                                   server.TestCreateTopics, metadata.TestNames
//	TC-05  bad configs                             server.TestCreateTopics
//	TC-06  auto-created topics survive kill -9     metadata.TestEveryChangeSurvivesACrash, torture.TestKillRounds
//	TC-07  a recreated topic is another            server.TestARecreatedTopicIsAnother
//	TC-08  sources and synonyms of configs         server.TestConfigsKnowTheirSource, interop.TestJavaTools
//	TC-09  legacy AlterConfigs replaces            server.TestConfigsKnowTheirSource, interop.TestKafkaJS
//	TC-10  partitions grow under a group           group/consumer.TestTranscripts, interop.TestJavaClients
//	TC-11  DeleteRecords                           server.TestDeleteRecords, torture.TestPowerCut
//
//	produce and idempotence
//	PR-01  damaged, old and double batches         TestProduceRefusals, commitlog.FuzzValidate
//	PR-02  batches that are too large              server.TestLargestBatch
//	PR-03  LogAppendTime                           server.TestLogAppendTime
//	PR-04  timestamps in the future                TestProduceRefusals
//	PR-05  no key in a compacted topic             server.TestRefusedRecordsAreNamed
//	PR-06  repeated batches                        commitlog.TestSequenceTable
//	PR-07  gaps, epochs, wrapped sequences         commitlog.TestSequenceTable
//	PR-08  a repetition after kill -9              commitlog.TestIdempotenceSurvivesCrash
//	PR-09  acks=0 and acks=2                       server.TestWithoutAcks, TestProduceRefusals
//	PR-10  a flush that stalls                     commitlog.TestNothingIsVisibleBeforeItIsFlushed
//
//	fetch and look-ups
//	FE-01  whole batches, one at least             TestFetchWaitsAndReturnsOneBatchAtLeast
//	FE-02  min bytes, max wait, errors at once     server.TestAnErrorDoesNotWait
//	FE-03  sessions                                server.TestFetchSessions
//	FE-04  small answers serve all partitions      server.TestSmallFetchesServeEveryPartition
//	FE-05  offsets by time                         server.TestOffsetsByTime
//	FE-06  special timestamps                      server.TestOffsetsByTime
//	FE-07  the end of a compacted log              commitlog.TestCompactionLeavesTheEndReachable
//
//	classic groups
//	GR-01  member ids are required                 group.TestTranscripts, group.TestMadeUpGroups
//	GR-02  no two owners while assignors change    interop.TestJavaClients (cooperative-sticky; not the rolling change from range)
//	GR-03  static members return                   group.TestTranscripts, interop.TestJavaClients
//	GR-04  who rejoins                             group.TestTranscripts
//	GR-05  commits at the wrong time               group.TestTranscripts
//	GR-06  a restart disturbs nobody               group.TestGroupsAndOffsetsSurviveReload, torture.TestRestartStorm
//	GR-07  offsets of an unknown group             server.TestOffsetsOfGroups
//	GR-08  every form of --reset-offsets           interop.TestJavaGroupTools
//	GR-09  metadata of 4,096 bytes                 server.TestOffsetsOfGroups
//	GR-10  offsets expire                          group.TestConsumerOffsetsExpire, group.TestOffsetsOfLiveGroupsStay
//
//	groups of KIP-848
//	NG-01  patterns                                group/consumer.TestTranscripts, interop.TestJavaClients, interop.TestConfluentPython
//	NG-02  churn                                   group/consumer.TestChurn (in virtual time)
//	NG-03  fencing                                 group/consumer.TestTranscripts, group.TestConsumerGroup
//
//	transactions
//	TX-01  both protocols                          TestTransactionsAreSeenWholeOrNotAtAll, interop.TestJavaTools
//	TX-02  aborts, with every client               TestTransactionsAreSeenWholeOrNotAtAll, interop
//	TX-03  a second producer                       TestASecondProducerFencesTheFirst
//	TX-04  timeouts                                TestATransactionTimesOut, txn.TestVirtualTimeouts
//	TX-05  exactly once under kill -9              torture.TestKillRounds with franz-go; interop.TestJavaStreams without kills
//	TX-06  kill between all writes of EndTxn       torture.TestKillAtEveryWriteOfEndTxn, txn.TestCrashAtEveryWrite
//	TX-07  require_stable                          TestOffsetsOfATransaction
//	TX-08  retries of EndTxn, find-hanging         txn.TestEndTV2, interop.TestJavaTools
//
//	compaction and retention
//	CO-01  last values per key                     commitlog.TestCompactionKeepsLastValueAndOffsets (ours, not Kafka's LogCompactionTester)
//	CO-02  tombstones and markers                  commitlog.TestTombstoneStaysUntilItsHorizon, commitlog.TestCompactionOfTransactions
//	CO-03  crashes in the swap                     commitlog.TestCrashKeepsTransactions, torture.TestPowerCut
//	CO-04  rolls and retention                     commitlog.TestRetention, commitlog.TestCompactionRollsForMaxLag
//
//	durability and faults
//	DU-01  rounds of kill -9                       torture.TestKillRounds (ROUNDS=200)
//	DU-02  the journal cut anywhere                commitlog.TestJournalCutAnywhere
//	DU-03  a full disk                             torture.TestDiskFull, commitlog.TestNoSpaceAtEveryWrite
//	DU-04  a failed flush                          commitlog.TestErrorOnEverySync, metrics.TestFamilies
//	DU-05  kafka-dump-log                          interop.TestJavaDumpLog
//	DU-06  a thousand partitions, small records    broker/bench, scaling rows
//
//	security
//	SE-01  loopback, and a refusal to go wider     TestFromProperties, TestListenersOfAServerProperties
//	SE-02  mechanisms over TLS, wrong passwords    server.TestSASLOverTLS, server.TestOrderOfAuthentication, interop.TestJavaSecurity
//	SE-03  ACLs on every API                       server.TestEveryAPIAsksTheAuthorizer, server.TestAUserWithoutRightsSeesNothing
//	SE-04  users survive, passwords are not kept   server.TestSASLOverTLS, metadata.TestSecurityStateSurvives
//
//	with the worker, and the registry
//	WK-01  in process, over TCP, elsewhere         cmd/kurier: TestChaos and the tests of clusters; BenchmarkProduce
//	WK-02  Java Connect                            interop.TestJavaConnect
//	SR-01, SR-02                                   the schema registry is not part of the broker
package broker
