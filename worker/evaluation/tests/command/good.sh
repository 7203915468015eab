field() { sed -n "s/.*\"$1\": \"\{0,1\}\([^\",]*\).*/\1/p" "$CE_NAS_TASK" | head -n 1; }
kind=$(field kind) epochs=$(field epochs) checkpoint=$(field checkpoint) wanted=$(field checkpoint_wanted)
artifacts=$(field artifacts) supernet=$(field supernet) stop='' epoch=0
trap 'stop=1' TERM
[ "$kind" != one_shot ] || [ -s "$supernet/weights" ] || exit 65
[ ! -e "$checkpoint/epoch" ] || epoch=$(cat "$checkpoint/epoch")
save() {
    echo $epoch >"$checkpoint/epoch.new"
    mv "$checkpoint/epoch.new" "$checkpoint/epoch"
    echo '{"type":"checkpoint"}'
}
# Time enough for a wish to come before the first epoch.
sleep 0.2
while [ "$epoch" -lt "$epochs" ]; do
    sleep 0.05
    epoch=$((epoch + 1))
    echo "epoch $epoch"
    echo "{\"type\":\"progress\",\"epoch\":$epoch,\"training_loss\":$((epochs - epoch)).5,\"validation_error\":0.$epoch}"
    [ -z "$stop" ] || { save; exit 75; }
    if [ -e "$wanted" ]; then
        save
        while [ -e "$wanted" ]; do sleep 0.01; done
    fi
done
case $kind in
    supernet) echo "supernet" >"$supernet/weights" ;;
    full) echo "weights of $(field seed)" >"$artifacts/weights.safetensors" ;;
esac
echo "{\"type\":\"result\",\"validation_error\":0.${epochs}5,\"test_error\":0.25,\"latency_ms\":1.5,\"parameters\":3}"
