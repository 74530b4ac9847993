import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;

/** Kafka's own Java clients, to be run under the OpenTelemetry Java agent: ACTION BOOTSTRAP TOPIC GROUP COUNT. */
public final class Client {
    private static final String STRING = "org.apache.kafka.common.serialization.String";

    public static void main(String[] arguments) throws Exception {
        String bootstrap = arguments[1];
        String topic = arguments[2];
        String group = arguments[3];
        int count = Integer.parseInt(arguments[4]);
        switch (arguments[0]) {
            case "produce" -> produce(bootstrap, topic, count);
            case "fail" -> fail(bootstrap, topic);
            case "consume" -> consume(bootstrap, topic, group, count);
            default -> throw new IllegalArgumentException(arguments[0]);
        }
    }

    /** Send messages with keys, the last one a tombstone, and print where they went. */
    private static void produce(String bootstrap, String topic, int count) throws Exception {
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(common(bootstrap))) {
            for (int number = 0; number < count; number++) {
                String value = number == count - 1 ? null : "value";
                ProducerRecord<String, String> record = new ProducerRecord<>(topic, "key-" + number, value);
                record.headers().add("message-id", bytes("m-" + number)).add("correlation-id", bytes("flow-1"));
                RecordMetadata sent = producer.send(record).get();
                System.out.println(sent.partition() + " " + sent.offset());
            }
        }
    }

    /** Send more than a message may hold. */
    private static void fail(String bootstrap, String topic) throws Exception {
        Properties properties = common(bootstrap);
        properties.put("max.request.size", "1000");
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(properties)) {
            producer.send(new ProducerRecord<>(topic, "x".repeat(5000))).get();
        } catch (ExecutionException error) {
            System.out.println(error.getCause().getClass().getSimpleName());
        }
    }

    /** Read messages, iterating over each poll's records, and commit them. */
    private static void consume(String bootstrap, String topic, String group, int count) {
        Properties properties = common(bootstrap);
        properties.put("group.id", group);
        properties.put("auto.offset.reset", "earliest");
        properties.put("enable.auto.commit", "false");
        int seen = 0;
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(properties)) {
            consumer.subscribe(List.of(topic));
            while (seen < count) {
                ConsumerRecords<String, String> records = consumer.poll(Duration.ofSeconds(15));
                for (ConsumerRecord<String, String> record : records) {
                    seen++;
                    System.out.println(record.partition() + " " + record.offset());
                }
            }
            consumer.commitSync();
        }
    }

    private static Properties common(String bootstrap) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        for (String part : List.of("key", "value")) {
            properties.put(part + ".serializer", STRING + "Serializer");
            properties.put(part + ".deserializer", STRING + "Deserializer");
        }
        return properties;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
