package dev.lutra.server.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.lutra.InputException;
import dev.lutra.proto.LeasedTask;
import dev.lutra.proto.Measured;
import dev.lutra.proto.ModelInput;
import dev.lutra.proto.Outcome;
import dev.lutra.proto.Task;
import dev.lutra.proto.TaskOutcome;
import dev.lutra.server.store.ModelStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What a device does for several who ask, and for how long it does so. Time is virtual. */
class SharesTest extends QueueOnVirtualClock {

    private static final Submitter ANNE = new Submitter("anne", 0);
    private static final Submitter BERT = new Submitter("bert", 0);

    private void submit(Submitter by, int from, int to) {
        queue.submit("pi", IntStream.range(from, to).mapToObj(i -> Task.newBuilder().setId(by.owner() + i).build()).toList(), by);
    }

    private String join() {
        return join("pi");
    }

    /** Does the next tasks, and says whose they were: a letter each. */
    private String done(String session, int tasks) {
        StringBuilder owners = new StringBuilder();
        for (int i = 0; i < tasks; i++) {
            LeasedTask next = queue.lease(session, 1).get(0);
            report(session, next);
            owners.append(next.getTask().getId().charAt(0));
        }
        return owners.toString();
    }

    private void report(String session, LeasedTask task) {
        queue.report(session, name(task),
            Outcome.newBuilder().setMeasured(Measured.getDefaultInstance()).build());
    }

    @Test
    void whoeverComesLaterIsServedInTurn() {
        String session = join();
        submit(ANNE, 0, 100);
        assertThat(done(session, 10)).isEqualTo("aaaaaaaaaa");
        submit(BERT, 0, 5);
        assertThat(done(session, 12)).isEqualTo("ababababab" + "aa");
        submit(BERT, 5, 8);
        submit(new Submitter("carl", 0), 0, 2);
        assertThat(done(session, 10)).as("no turns were saved up").containsPattern("^[abc]{6}[ab]{2}a{2}$");
    }

    /** Has somebody wait for so many tasks. */
    private void fill(Submitter by, int tasks) {
        database.transaction(handle -> handle.execute("INSERT INTO tasks (id, device, state, epoch, task, submitted_millis, owner, priority, turn)"
            + " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT 'many' || i, 'pi', 'queued', 0, x'', 0, ?, 0, i"
            + " FROM n", tasks, by.owner()));
    }

    @Test
    void nobodyHasMoreTasksThanAnybodyMay() {
        fill(ANNE, Owners.MOST_TASKS - 1);
        submit(ANNE, 0, 1);
        assertThatThrownBy(() -> submit(ANNE, 1, 3)).isInstanceOf(InputException.class)
            .hasMessage("tasks: 100002 of one experiment are not done (expected: at most 100000)");
        submit(BERT, 0, 3);
        queue.prioritize(BERT.owner(), 5);
        assertThat(done(join(), 3)).as("of a priority that came later").isEqualTo("bbb");
        queue.cancelOfOwner(ANNE.owner());
        submit(ANNE, 1, 3);
    }

    /** Who is not sure whether a call has arrived makes it again. */
    @Test
    void whatIsSubmittedAgainCountsOnce() {
        fill(ANNE, Owners.MOST_TASKS - 3);
        submit(ANNE, 0, 3);
        submit(ANNE, 0, 3);
        assertThatThrownBy(() -> submit(ANNE, 0, 4)).isInstanceOf(InputException.class)
            .hasMessage("tasks: 100001 of one experiment are not done (expected: at most 100000)");
        assertThatThrownBy(() -> queue.finished(Set.of("anne3"))).as("was not stored").isInstanceOf(InputException.class);
    }

    /** A caller elsewhere that gives no name is none of this process. */
    @Test
    void whoGivesNoNameHasNoMoreTasksEither() {
        ModelStore models = new ModelStore(folder.resolve("models"));
        LocalFleet fleet = new LocalFleet(queue, models);
        Submitter nameless = new Submitter("", 0);
        List<Task> task = List.of(Task.newBuilder().setId("t").setThreads(1).setModelSha256(models.put(new byte[]{0x3a, 0})).build());
        fill(nameless, Owners.MOST_TASKS);
        assertThatThrownBy(() -> fleet.submit("pi", task, nameless)).isInstanceOf(InputException.class)
            .hasMessage("tasks: 100001 of one experiment are not done (expected: at most 100000)");
        fleet.submit("pi", task);
        assertThat(queue.finished(Set.of("t"))).as("stored, and not done").isZero();
    }

    @Test
    void aHigherPriorityGoesFirst() {
        String session = join();
        submit(ANNE, 0, 3);
        submit(new Submitter("urgent", 10), 0, 2);
        submit(new Submitter("low", -10), 0, 2);
        assertThat(done(session, 7)).isEqualTo("uuaaall");
    }

    /** Of any number of owners with work enough, each gets its share of what is done while they are there, however they come. */
    @Test
    void sharesAreEqualWhateverTheHistory() {
        String session = join();
        List<Submitter> owners = IntStream.range(0, 5).mapToObj(i -> new Submitter(Character.toString('a' + i), 0)).toList();
        int[] next = new int[owners.size()];
        for (int round = 0; round < 20; round++) {
            for (int i = 0; i < owners.size(); i++) {
                int size = round % (i + 1) == 0 ? 4 * (i + 1) : 0; // some seldom and much, some often and little
                submit(owners.get(i), next[i], next[i] + size);
                next[i] += size;
            }
            if (round > 0) {
                done(session, 10);
            }
        }
        String order = done(session, 50);
        assertThat(order.chars().boxed().collect(Collectors.groupingBy(owner -> owner, Collectors.counting())).values())
            .hasSize(5).allSatisfy(tasks -> assertThat(tasks).isBetween(9L, 11L));
    }

    @Test
    void aLostTaskKeepsItsTurn() {
        String session = join();
        submit(ANNE, 0, 2);
        submit(BERT, 0, 2);
        assertThat(queue.lease(session, 1)).extracting(task -> task.getTask().getId()).containsExactly("anne0");
        session = join();
        assertThat(done(session, 4)).isEqualTo("abab");
    }

    @Test
    void whatNobodyWaitsForIsGivenUp() {
        String session = join();
        submit(ANNE, 0, 600);
        submit(BERT, 0, 1);
        LeasedTask underWay = queue.lease(session, 1).get(0);
        for (Duration silent = Duration.ZERO; silent.compareTo(Owners.MOST_SILENCE) < 0; silent = silent.plusSeconds(20)) {
            assertThat(queue.outcomes(Set.of("bert0"), 1, "bert", Duration.ZERO).join()).as("bert looks").isEmpty();
            queue.renew(session, List.of(lease("anne0", 1)), TaskQueue.Progress.NONE);
            clock.advance(Duration.ofSeconds(20));
        }
        CompletableFuture<List<TaskOutcome>> waiting = queue.outcomes(Set.of("anne599"), 1, "carl", Duration.ofMinutes(5));
        assertThat(waiting.join()).singleElement().extracting(outcome -> outcome.getOutcome().getFailed().getReason()).asString()
            .isEqualTo("given up: who asked for it was not heard of for 60 minutes (run it again to go on)");
        report(session, underWay);
        assertThat(queue.outcomes(Set.of("anne0")).get(0).getOutcome().hasMeasured()).as("was under way").isTrue();
        assertThat(done(session, 1)).isEqualTo("b");
        assertThat(queue.lease(session, 1)).isEmpty();

        submit(ANNE, 0, 600);
        assertThat(queue.agents().get(0).getQueuedTasks()).as("asked for again").isEqualTo(599);
    }

    /** Also where nobody has asked since the server was started again, which gives everybody a whole period. */
    @Test
    void aServerThatStartsAgainKnowsWhoMayBeThere() {
        submit(ANNE, 0, 1);
        clock.advance(Owners.MOST_SILENCE.minusMinutes(1));
        restart();
        clock.advance(Owners.MOST_SILENCE.minusMinutes(1));
        assertThat(queue.outcomes(Set.of("anne0"))).isEmpty();
        clock.advance(Duration.ofMinutes(2));
        assertThat(queue.outcomes(Set.of("anne0"), 1, "", Duration.ZERO).join()).hasSize(1);
    }

    /** Forty tasks of 40 MB were once read to lease the first of them. */
    @Test
    void aLeaseReadsWhatItTakes() {
        String session = join();
        ByteString large = ByteString.copyFrom(new byte[8 << 20]);
        List<Task> tasks = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            tasks.add(Task.newBuilder().setId("large" + i).addInputs(ModelInput.newBuilder().setLittleEndianFloats(large)).build());
        }
        queue.submit("pi", tasks);
        long before = allocated();
        assertThat(queue.lease(session, 64)).hasSize(1);
        assertThat(allocated() - before).isLessThan(5L * large.size());
    }
}
